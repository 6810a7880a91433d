"""Pareto/NBD: how often members buy while they are alive, when they may leave at any moment.

D. Schmittlein, D. Morrison, R. Colombo, Counting Your Customers: Who Are They and What Will They Do Next?, Management
Science 33 (1987), with the likelihood of P. Fader, B. Hardie, A Note on Deriving the Pareto/NBD Model (2005). Buying is Poisson
with rates Gamma(r, α), leaving is exponential with rates Gamma(s, β) over members. Time in weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

from shuke.insight.profiles.policy.fitting import Fit, Words, maximise

if TYPE_CHECKING:
    from shuke.insight.profiles.policy.histories import Histories

CODE = "pareto_nbd"
NAME = Words("复购（Pareto/NBD）", "Repeat buying (Pareto/NBD)")
NAMES = ("r", "alpha", "s", "beta")
TELLS_OF_ONCE = True  # whether something is known of who bought on one day only
_KNOTS, _HEAVY = np.polynomial.legendre.leggauss(40)
_PLACES, _WEIGHTS = (_KNOTS + 1) / 2, _HEAVY / 2  # on 0 to 1


def _log_left(parameters: np.ndarray, histories: Histories) -> np.ndarray:
    """log ∫ s (α+y)^−(r+x) (β+y)^−(s+1) dy from the last purchase to now: the weight of having left in between; −∞ when both
    are the same moment.

    The integral that the note writes in hypergeometric series, by Gauss and Legendre's rule: the series fail for daily guests
    and for large s and β. Time is stretched so that the integrand is smooth: it falls by its first slope over one unit.
    """
    r, alpha, s, beta = parameters
    often, last = r + histories.repeats, histories.last
    slope = often / (alpha + last) + (s + 1) / (beta + last)
    reach = np.log1p(slope * np.maximum(histories.age - last, 0.0))
    found = np.zeros_like(slope)
    for place, weight in zip(_PLACES, _WEIGHTS, strict=True):
        later = np.expm1(place * reach) / slope
        fallen = often * np.log1p(later / (alpha + last)) + (s + 1) * np.log1p(later / (beta + last))
        found += weight * np.exp(place * reach - fallen)
    with np.errstate(divide="ignore"):
        size = np.log(found) + np.log(reach)
    return np.log(s) - often * np.log(alpha + last) - (s + 1) * np.log(beta + last) - np.log(slope) + size


def log_likelihood(parameters: np.ndarray, histories: Histories) -> np.ndarray:
    """Each member's log-likelihood: alive now, or left since the last purchase, added as logarithms."""
    r, alpha, s, beta = parameters
    x = histories.repeats
    shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = -(r + x) * np.log(alpha + histories.age) - s * np.log(beta + histories.age)
    return shared + np.logaddexp(alive, _log_left(parameters, histories))


def fit(histories: Histories) -> Fit:
    """The four parameters by maximum likelihood, of at most 100,000 members."""
    histories = histories.learnt_from()
    distinct, counts = histories.distinct()
    scale = max(float(histories.age.mean()), 1e-3) if len(histories) else 1.0
    starts = [(0.5, scale / 4, 0.5, scale / 4), (1.0, scale, 1.0, scale * 2)]
    again = int((histories.repeats > 0).sum())
    return maximise(lambda p: float(counts @ log_likelihood(p, distinct)), NAMES, starts, len(histories), again)


def p_alive(parameters: np.ndarray, histories: Histories) -> np.ndarray:
    """The probability that a member has not left."""
    r, alpha, s, beta = parameters
    x = histories.repeats
    alive = (r + x) * np.log(alpha + histories.age) + s * np.log(beta + histories.age)
    odds = alive + _log_left(parameters, histories)
    return 1 / (1 + np.exp(np.minimum(odds, 700)))


def expected(parameters: np.ndarray, histories: Histories, weeks: float) -> np.ndarray:
    """Expected purchase days in the coming weeks; the limit at s = 1 is taken where it is met."""
    r, alpha, s, beta = parameters
    x = histories.repeats
    shrink = np.log((beta + histories.age) / (beta + histories.age + weeks))
    lasting = -np.expm1((s - 1) * shrink) / (s - 1) if abs(s - 1) > 1e-9 else -shrink
    mean = (r + x) * (beta + histories.age) / (alpha + histories.age)
    return mean * lasting * p_alive(parameters, histories)
