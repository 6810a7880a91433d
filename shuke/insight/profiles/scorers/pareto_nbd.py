"""Pareto/NBD: how often members buy while they are alive, when they may leave at any moment.

D. Schmittlein, D. Morrison, R. Colombo, Counting Your Customers: Who Are They and What Will They Do Next?, Management
Science 33 (1987), with the likelihood of P. Fader, B. Hardie, A Note on Deriving the Pareto/NBD Model (2005). Buying is Poisson
with rates Gamma(r, α), leaving is exponential with rates Gamma(s, β) over members. Time in weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln, hyp2f1

from shuke.insight.profiles.policy.fitting import Fit, Words, maximise

if TYPE_CHECKING:
    from shuke.insight.profiles.policy.histories import Histories

CODE = "pareto_nbd"
NAME = Words("复购（Pareto/NBD）", "Repeat buying (Pareto/NBD)")
NAMES = ("r", "alpha", "s", "beta")


def _log_left(parameters: np.ndarray, histories: Histories) -> np.ndarray:
    """log A₀: the weight of having left between the last purchase and now; −∞ when both are the same moment."""
    r, alpha, s, beta = parameters
    x = histories.repeats
    order = r + s + x
    larger, smaller, power = (alpha, beta, s) if alpha >= beta else (beta, alpha, r + x - 1)
    tail = order - s if alpha >= beta else np.full_like(x, s + 1)

    def part(time: np.ndarray) -> np.ndarray:
        # 2F1(A, B; A+1; z) = (1−z)^(1−B) 2F1(1, A+1−B; A+1; z), where 1−z is a ratio of positive numbers
        z = (larger - smaller) / (larger + time)
        near = np.log((smaller + time) / (larger + time))
        return np.log(hyp2f1(1.0, tail, order + 1, z)) - power * near - order * np.log(larger + time)

    first, then = part(histories.last), part(histories.age)
    with np.errstate(divide="ignore"):
        return first + np.log(-np.expm1(np.minimum(then - first, 0.0)))


def log_likelihood(parameters: np.ndarray, histories: Histories) -> np.ndarray:
    """Each member's log-likelihood: alive now, or left since the last purchase, added as logarithms."""
    r, alpha, s, beta = parameters
    x = histories.repeats
    shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = -(r + x) * np.log(alpha + histories.age) - s * np.log(beta + histories.age)
    left = np.log(s) - np.log(r + s + x) + _log_left(parameters, histories)
    return shared + np.logaddexp(alive, left)


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
    odds = np.log(s) - np.log(r + s + x) + alive + _log_left(parameters, histories)
    return 1 / (1 + np.exp(np.minimum(odds, 700)))


def expected(parameters: np.ndarray, histories: Histories, weeks: float) -> np.ndarray:
    """Expected purchase days in the coming weeks; the limit at s = 1 is taken where it is met."""
    r, alpha, s, beta = parameters
    x = histories.repeats
    shrink = np.log((beta + histories.age) / (beta + histories.age + weeks))
    lasting = -np.expm1((s - 1) * shrink) / (s - 1) if abs(s - 1) > 1e-9 else -shrink
    mean = (r + x) * (beta + histories.age) / (alpha + histories.age)
    return mean * lasting * p_alive(parameters, histories)
