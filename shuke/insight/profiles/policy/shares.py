"""How a member's purchases fall on groups (categories, goods of a stage of life, videos or articles), drawn to the shop's mix.

The counts of a member are Dirichlet-multinomial with the shop's mix as mean and one concentration for all members (J. E.
Mosimann, On the Compound Multinomial Distribution, Biometrika 49, 1962): who bought little is expected to buy as the shop
sells, who bought much as before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from shuke.insight.profiles.policy.fitting import Fit, maximise
from shuke.insight.profiles.policy.judging import Judgement, judge

LEARNT_FROM = 20_000  # members a concentration is learnt from at most
JUDGED_ON = 100_000
MOST_GROUPS = 24
REST = ""  # everything beyond the largest groups; no favourite of anybody


@dataclass(frozen=True, slots=True)
class Counts:
    """Purchases by member (rows) and group (columns).

    `known`: up to a day, what was half a year ago counting a quarter; `times`: the same, each once; `before` and `after`: of the
    period that ends on the day, and of the one after it. `sample`: the newest thing bought of the group, where it was asked for.
    """

    names: tuple[str, ...]
    member: np.ndarray
    known: np.ndarray
    times: np.ndarray
    before: np.ndarray
    after: np.ndarray
    sample: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.member)

    def where(self, chosen: np.ndarray) -> Counts:
        """Some of the members: a mask or places."""
        columns = {name: getattr(self, name)[chosen] for name in ("member", "known", "times", "before", "after")}
        return replace(self, **columns, sample=None if self.sample is None else self.sample[chosen])

    def thinned(self, most: int) -> Counts:
        """All members, or of many every second, third, … in the order of their numbers."""
        return self.where(np.arange(0, len(self), -(-len(self) // most) or 1))

    def only(self, names: tuple[str, ...]) -> Counts:
        """These groups in this order, whoever is new among them without any purchase; all others together as the rest."""
        places = [self.names.index(name) if name in self.names else -1 for name in names]
        rest = [place for place, name in enumerate(self.names) if name not in names]

        def chosen(matrix: np.ndarray) -> np.ndarray:
            wide = np.concatenate([matrix, np.zeros((len(matrix), 1), matrix.dtype)], axis=1)[:, places]
            if REST in names and rest:
                wide[:, names.index(REST)] += matrix[:, rest].sum(axis=1)
            return wide

        columns = {name: chosen(getattr(self, name)) for name in ("known", "times", "before", "after")}
        sample = None if self.sample is None else np.concatenate(
            [self.sample, np.full((len(self), 1), "", object)], axis=1
        )[:, places]  # fmt: skip
        return replace(self, names=names, sample=sample, **columns)


def largest(counts: Counts) -> tuple[str, ...]:
    """The groups a model looks at: the largest by what is known, and the rest."""
    order = np.argsort(-counts.known.sum(axis=0), kind="stable")
    named = [counts.names[place] for place in order if counts.names[place] != REST]
    return (*named[:MOST_GROUPS], REST)


def mix(known: np.ndarray) -> np.ndarray:
    """The shop's mix: the share of each group in everything known; a group without purchases has a very small one."""
    totals = known.sum(axis=0, dtype=float) + 1e-6
    return totals / totals.sum()


def concentration(times: np.ndarray, means: np.ndarray) -> Fit:
    """How alike members are, by maximum likelihood: large when all buy as the shop sells, small when each has a habit.

    Learnt from members with something to compare, two purchases or more, each counted once: counts that fade would look
    more alike than they are.
    """
    totals = times.sum(axis=1)
    chosen = np.flatnonzero(totals >= 1.5)[:: max(1, -(-int((totals >= 1.5).sum()) // LEARNT_FROM))]
    counts, sums = times[chosen].astype(float), totals[chosen].astype(float)
    cells = counts > 0
    columns = np.nonzero(cells)[1]
    values = counts[cells]

    def log_likelihood(parameters: np.ndarray) -> float:
        weights = parameters[0] * means
        found = gammaln(values + weights[columns]) - gammaln(weights[columns])
        return float(found.sum() + np.sum(gammaln(parameters[0]) - gammaln(parameters[0] + sums)))

    return maximise(log_likelihood, ("concentration",), [(5.0,), (50.0,)], len(times), len(chosen))


def expected(known: np.ndarray, means: np.ndarray, concentration_: float) -> np.ndarray:
    """The expected share of each group in what a member buys next."""
    totals = known.sum(axis=1, keepdims=True)
    return (known + concentration_ * means) / (totals + concentration_)


def judged(past: Counts, shares: np.ndarray, columns: list[int]) -> Judgement:
    """Expected shares against those of the held-out time, of members who bought in it; the baseline is the member's own share of
    the period before, or of all time where nothing was bought in it."""
    came = np.flatnonzero(past.after.sum(axis=1) > 0)
    came = came[:: max(1, -(-len(came) // JUDGED_ON))]
    last = np.where(past.before.sum(axis=1, keepdims=True) > 0, past.before, past.known)[came]
    actual, baseline = (_shares(one)[:, columns].ravel() for one in (past.after[came], last))
    return judge(shares[came][:, columns].ravel(), actual, baseline)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
