"""Gamma-Gamma: what a purchase of a member is worth, drawn to the average where little is known.

P. Fader, B. Hardie, K. L. Lee, RFM and CLV: Using Iso-Value Curves for Customer Base Analysis, Journal of Marketing Research 42
(2005), and P. Fader, B. Hardie, The Gamma-Gamma Model of Monetary Value (2013). Amounts are Gamma(p, ν) with ν Gamma(q, γ) over
members, independent of how often they buy. Money in yuan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

from shuke.insight.profiles.policy.fitting import Fit, Words, maximise

if TYPE_CHECKING:
    from shuke.insight.profiles.policy.histories import Histories

CODE = "gamma_gamma"
NAME = Words("客单价值（Gamma-Gamma）", "Value of a purchase (Gamma-Gamma)")
NAMES = ("p", "q", "gamma")


def log_likelihood(parameters: np.ndarray, histories: Histories) -> np.ndarray:
    """Each member's log-likelihood of the mean amount over the repeat days (equation 1a of the note)."""
    p, q, gamma = parameters
    x, mean = histories.repeats, histories.value
    sizes = gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
    return (
        sizes
        + q * np.log(gamma)
        + (p * x - 1) * np.log(mean)
        + p * x * np.log(x)
        - (p * x + q) * np.log(gamma + x * mean)
    )


def usable(histories: Histories) -> Histories:
    """Members with repeats that cost something: the model speaks of no others."""
    return histories.where((histories.repeats > 0) & (histories.value > 0))


def fit(histories: Histories) -> Fit:
    """The three parameters by maximum likelihood. Money is measured in its own mean meanwhile, so that any currency climbs well."""
    known = usable(histories).learnt_from()
    unit = float(known.value.mean()) if len(known) else 1.0
    scaled = replace(known, value=known.value / unit)
    starts = [(2.0, 3.0, 1.0), (6.0, 4.0, 0.5)]
    found = maximise(lambda v: float(log_likelihood(v, scaled).sum()), NAMES, starts, len(known), len(known))
    if not found.parameters:
        return found
    parameters = found.parameters | {"gamma": found.parameters["gamma"] * unit}
    back = float(log_likelihood(np.array([*parameters.values()]), known).sum())
    why = found.why
    if why is None and parameters["q"] <= 1:
        why = Words("金额差别太大，平均值不存在（q ≤ 1）。", "Amounts differ so much that they have no mean (q ≤ 1).")
    return Fit(
        parameters=parameters,
        log_likelihood=back,
        converged=why is None,
        members=len(known),
        steps=found.steps,
        why=why,
    )


def expected_value(parameters: np.ndarray, histories: Histories) -> np.ndarray:
    """What the next purchase is worth (equation 5 of the note); the shop's mean for members without repeats."""
    p, q, gamma = parameters
    x = np.where(histories.value > 0, histories.repeats, 0.0)
    return p * (gamma + x * histories.value) / (p * x + q - 1)
