"""Price sensitivity: how likely the next order uses a discount, drawn to the shop's habit where orders are few.

Orders with a discount are Binomial with a share that is Beta(a, b) over members; a and b by maximum likelihood of the
beta-binomial (J. G. Skellam, A Probability Distribution Derived from the Binomial Distribution, 1948).
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln

from shuke.insight.profiles.policy.fitting import Fit, Words, maximise

CODE = "price"
NAME = Words("价格敏感度", "Price sensitivity")
NAMES = ("a", "b")


def fit(discounted: np.ndarray, orders: np.ndarray) -> Fit:
    """The two parameters from each member's orders, and how many of them used a discount."""
    pairs, counts = np.unique(np.column_stack([discounted, orders]), axis=0, return_counts=True)

    def log_likelihood(parameters: np.ndarray) -> float:
        a, b = parameters
        k, n = pairs[:, 0], pairs[:, 1]
        return float(counts @ (betaln(a + k, b + n - k) - betaln(a, b))) if len(pairs) else 0.0

    return maximise(log_likelihood, NAMES, [(1.0, 1.0), (0.3, 2.0)], len(orders), int((orders > 1).sum()))


def sensitivity(parameters: np.ndarray, discounted: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """The expected share of orders with a discount."""
    a, b = parameters
    return (a + discounted) / (a + b + orders)
