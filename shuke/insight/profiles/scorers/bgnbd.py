"""BG/NBD: how often members buy while they are alive, and when they silently leave.

P. Fader, B. Hardie, K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model,
Marketing Science 24 (2005). Buying is Poisson with rates Gamma(r, α) over members; after each purchase a member leaves with
a probability that is Beta(a, b) over members. Time in weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaln, gammaln, hyp2f1

from shuke.insight.profiles.policy.fitting import Fit, Words, maximise

if TYPE_CHECKING:
    from shuke.insight.profiles.policy.histories import Histories

CODE = "bgnbd"
NAME = Words("复购（BG/NBD）", "Repeat buying (BG/NBD)")
NAMES = ("r", "alpha", "a", "b")
TELLS_OF_ONCE = (
    False  # in this model nobody leaves before a second purchase: of one purchase the chance is 1 by assumption
)
_QUANTILES = 200
_AWAY = 1e-7  # the expectation has a removable pole at a = 1


def log_likelihood(parameters: np.ndarray, histories: Histories) -> np.ndarray:
    """Each member's log-likelihood (equation 6), the two ways to end added as logarithms."""
    r, alpha, a, b = parameters
    x = histories.repeats
    shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    alive = betaln(a, b + x) - (r + x) * np.log(alpha + histories.age)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = betaln(a + 1, b + x - 1) - (r + x) * np.log(alpha + histories.last)
    return shared + np.where(x > 0, np.logaddexp(alive, left), alive)


def fit(histories: Histories) -> Fit:
    """The four parameters by maximum likelihood, of at most 100,000 members."""
    histories = histories.learnt_from()
    distinct, counts = histories.distinct()
    scale = float(histories.age.mean()) if len(histories) else 1.0
    starts = [(0.5, max(scale / 4, 1e-3), 1.0, 2.0), (1.0, max(scale, 1e-3), 0.3, 3.0)]
    again = int((histories.repeats > 0).sum())
    return maximise(lambda p: float(counts @ log_likelihood(p, distinct)), NAMES, starts, len(histories), again)


def p_alive(parameters: np.ndarray, histories: Histories) -> np.ndarray:
    """The probability that a member has not left (equation 8 of the authors' note of 2008); 1 before any repeat."""
    r, alpha, a, b = parameters
    x = np.maximum(histories.repeats, 1.0)
    odds = np.log(a / (b + x - 1)) + (r + x) * np.log((alpha + histories.age) / (alpha + histories.last))
    return np.where(histories.repeats > 0, 1 / (1 + np.exp(np.minimum(odds, 700))), 1.0)


def expected(parameters: np.ndarray, histories: Histories, weeks: float) -> np.ndarray:
    """Expected purchase days in the coming weeks (equation 10)."""
    r, alpha, a, b = parameters
    if abs(a - 1) < _AWAY:
        a = 1 + _AWAY
    x = histories.repeats
    rest = a + b + x - 1
    series = _series(r + x, (a - 1, b + x), np.where(rest == 0, _AWAY, rest), weeks / (alpha + histories.age))
    return rest / (a - 1) * (1 - series) * p_alive(parameters, histories)


def _series(power: np.ndarray, shape: tuple[float, np.ndarray], rest: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """2F1(power, a−1; rest; −ratio), where rest = a−1 + b+x: the mean of (1 + u·ratio)^−power for u from Beta(a−1, b+x).

    After Euler's transformation the series keeps small parameters, so that frequent buyers do not overflow. Where a and b are
    so large that it fails all the same, the mean is taken over quantiles, which then lie close together.
    """
    first, second = shape
    share = ratio / (1 + ratio)
    with np.errstate(invalid="ignore", over="ignore"):
        found = (1 - share) ** first * hyp2f1(rest - power, first, rest, share)
    failed = ~np.isfinite(found)
    if first > 0 and failed.any():
        from scipy import stats  # more than a second of every start, for what hardly ever happens

        steps = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
        places = stats.beta.ppf(steps[:, None], first, np.broadcast_to(second, found.shape)[failed])
        found[failed] = np.mean((1 + places * ratio[failed]) ** -power[failed], axis=0)
    return np.clip(found, 0, 1) if first > 0 else found
