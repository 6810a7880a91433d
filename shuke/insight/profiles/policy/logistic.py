"""Chances of yes or no from a few columns: logistic regression by Newton's method, with a little drawn towards nothing.

D. R. Cox, The Regression Analysis of Binary Sequences (1958); the ridge keeps what the members do not determine near zero
(S. le Cessie, J. C. van Houwelingen, Ridge Estimators in Logistic Regression, Applied Statistics 41, 1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shuke.insight.profiles.policy.fitting import FEWEST, Fit, Words

RIDGE = 1.0
STEPS = 50
SMALL = 1e-8
LEARNT_FROM = 100_000


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted chance: weights of standardised columns, the constant first; and where the columns were standing."""

    weights: np.ndarray
    means: np.ndarray
    spreads: np.ndarray

    def terms(self, columns: np.ndarray) -> np.ndarray:
        """What each column adds to the logarithm of the odds of each member."""
        return (columns - self.means) / self.spreads * self.weights[1:]

    def chance(self, columns: np.ndarray) -> np.ndarray:
        """The chance of yes."""
        return _sigmoid(self.weights[0] + (columns - self.means) / self.spreads @ self.weights[1:])

    def kept(self) -> dict[str, list[float]]:
        """As plain values, for the card."""
        return {name: getattr(self, name).tolist() for name in ("weights", "means", "spreads")}


def line_of(kept: dict[str, list[float]]) -> Line:
    """The fitted chance that a card keeps."""
    return Line(*(np.array(kept[name]) for name in ("weights", "means", "spreads")))


def fit(
    columns: np.ndarray, happened: np.ndarray, names: tuple[str, ...], ridge: float = RIDGE
) -> tuple[Fit, Line | None]:
    """Weights by maximum likelihood, of at most 100,000 members evenly chosen; the same data give the same answer.

    Fewer than 30 members of either answer teach nothing.
    """
    thin = max(1, -(-len(happened) // LEARNT_FROM))
    columns, happened = columns[::thin].astype(float), happened[::thin].astype(float)
    yes = int(happened.sum())
    if min(yes, len(happened) - yes) < FEWEST:
        few = Words(
            f"两种结果里少的一种只有 {min(yes, len(happened) - yes)} 位会员，至少要 {FEWEST} 位才能学习。",
            f"Only {min(yes, len(happened) - yes)} members of the rarer answer; at least {FEWEST} are needed to learn from.",
        )
        return Fit(parameters={}, log_likelihood=0.0, converged=False, members=len(happened), why=few), None
    means, spreads = columns.mean(axis=0), columns.std(axis=0)
    spreads = np.where(spreads > 0, spreads, 1.0)
    design = np.column_stack([np.ones(len(columns)), (columns - means) / spreads])
    weights, steps, still = _climb(design, happened, ridge)
    chances = np.clip(_sigmoid(design @ weights), 1e-12, 1 - 1e-12)
    likelihood = float(happened @ np.log(chances) + (1 - happened) @ np.log(1 - chances))
    found = Fit(
        parameters=dict(zip(("constant", *names), weights.tolist(), strict=True)), log_likelihood=likelihood, converged=still,
        members=len(happened), steps=steps,
        why=None if still else Words("没有收敛到最大值。", "No maximum was reached."),
    )  # fmt: skip
    return found, Line(weights, means, spreads)


def _climb(design: np.ndarray, happened: np.ndarray, ridge: float) -> tuple[np.ndarray, int, bool]:
    """Newton's steps from nothing; how many, and whether the last one was small."""
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    weights = np.zeros(design.shape[1])
    for step in range(1, STEPS + 1):
        chances = _sigmoid(design @ weights)
        slope = design.T @ (happened - chances) - penalty * weights
        bend = (design * (chances * (1 - chances))[:, None]).T @ design + np.diag(penalty + 1e-9)
        move = np.linalg.solve(bend, slope)
        weights = weights + np.clip(move, -4, 4)
        if float(np.abs(move).max()) < SMALL:
            return weights, step, True
    return weights, STEPS, False


def _sigmoid(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(odds, -35, 35)))
