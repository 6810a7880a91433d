"""Maximum likelihood for a handful of positive parameters, with an honest word on whether it was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from scipy import optimize

SMALLEST, LARGEST = 1e-4, 1e5  # a parameter that runs beyond these says that the data do not determine it
FEWEST = 30  # members with repeats; of fewer nothing is learnt
STEEP = 1e-4  # per member and unit of log-parameter: flatter than this is a maximum


class Words(msgspec.Struct, frozen=True):
    """The same words in both languages."""

    zh: str
    en: str


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Where the likelihood is largest; `why` says what is wrong when it did not converge."""

    parameters: dict[str, float]
    log_likelihood: float
    converged: bool
    members: int
    steps: int = 0
    why: Words | None = None


def maximise(
    log_likelihood: Callable[[np.ndarray], float], names: Sequence[str], starts: Sequence[Sequence[float]], members: int,
    repeating: int,
) -> Fit:  # fmt: skip
    """The first climb over the logarithms of the parameters that reaches a maximum within bounds, or else the best of all.

    The same data give the same answer.

    Converged means: the likelihood is finite, no parameter stands at a bound, and its gradient vanishes. Fewer than 30
    members with repeats (bought again, watched twice, shared at all) teach nothing.
    """
    if repeating < FEWEST:
        few = Words(
            f"有足够记录可学的会员只有 {repeating} 位，至少要 {FEWEST} 位。",
            f"Only {repeating} members did enough to learn from; at least {FEWEST} are needed.",
        )
        return Fit(parameters={}, log_likelihood=0.0, converged=False, members=members, why=few)

    from scipy import optimize  # half a second of every start, and only the nightly fit asks for it

    def cost(logs: np.ndarray) -> float:
        with np.errstate(all="ignore"):  # what is not finite is far from any maximum
            found = -log_likelihood(np.exp(logs)) / members
        return float(found) if np.isfinite(found) else 1e10

    bounds = [(np.log(SMALLEST), np.log(LARGEST))] * len(names)
    options = {"maxiter": 500, "ftol": 1e-14, "gtol": 1e-8}
    climbs = []
    for start in starts:
        climb = optimize.minimize(cost, np.log(start), method="L-BFGS-B", jac="3-point", bounds=bounds, options=options)
        climbs.append(climb)
        if _flaw(climb, names) is None:
            break
    best = climbs[-1] if _flaw(climbs[-1], names) is None else min(climbs, key=lambda climb: climb.fun)
    return Fit(
        parameters=dict(zip(names, np.exp(best.x).tolist(), strict=True)),
        log_likelihood=float(-best.fun * members),
        converged=(why := _flaw(best, names)) is None,
        members=members, steps=int(best.nit), why=why,
    )  # fmt: skip


def _flaw(climb: optimize.OptimizeResult, names: Sequence[str]) -> Words | None:
    if climb.fun >= 1e9:
        return Words("似然无法计算。", "The likelihood cannot be computed.")
    margin = 1e-3
    low, high = np.log(SMALLEST) + margin, np.log(LARGEST) - margin
    at_bound = ", ".join(name for name, value in zip(names, climb.x, strict=True) if not low < value < high)
    if at_bound:
        return Words(
            f"参数 {at_bound} 一直走到了边界，这些数据定不下它。",
            f"The data do not determine {at_bound}: it runs to its bound.",
        )
    if float(np.abs(climb.jac).max()) > STEEP:
        return Words("没有收敛到最大值。", "No maximum was reached.")
    return None
