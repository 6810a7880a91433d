"""Price sensitivity: how likely the next order uses a discount, drawn to the shop's habit where orders are few.

Orders with a discount are Binomial with a share that is Beta(a, b) over members; a and b by maximum likelihood of the
beta-binomial (J. G. Skellam, A Probability Distribution Derived from the Binomial Distribution, 1948).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betaln

from shuke.insight.profiles.policy.cards import Learnt, Said, verdict
from shuke.insight.profiles.policy.fitting import Fit, Words, maximise
from shuke.insight.profiles.policy.judging import judge
from shuke.insight.profiles.policy.kinds import LAST_PERIOD, ReadyTag, Score, percent

CODE = "price"
NAME = Words("价格敏感度", "Price sensitivity")
UNIT = Words("占比", "share")
BASELINE = LAST_PERIOD
READS, EARLIER = "discounts", False
SCORES = (Score("price_sensitivity", "number", Words("价格敏感度", "Price sensitivity")),)
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


def learn(_: Any, past: dict[str, np.ndarray], whole: dict[str, np.ndarray], period: int) -> Learnt:
    """How alike members are in looking for discounts; judged on the orders of the held-out time."""
    found = fit(past["discounted"], past["orders"])
    judgement = None
    if found.converged:
        came = past["after"] > 0
        predicted = sensitivity(np.array([*found.parameters.values()]), past["discounted"], past["orders"])[came]
        own = past["discounted"] / past["orders"]
        last = np.where(past["before"] > 0, past["before_discounted"] / np.maximum(past["before"], 1), own)[came]
        judgement = judge(predicted, past["after_discounted"][came] / past["after"][came], last)
    why = verdict(found, judgement)
    if why is None:
        found = fit(whole["discounted"], whole["orders"])
        why = found.why
    if why is not None:
        return Learnt(fit=found, judgement=judgement, kept={}, why=why)
    kept = found.parameters | {"shop": float(whole["discounted"].sum() / whole["orders"].sum())}
    return Learnt(fit=found, judgement=judgement, kept=kept, why=None)


def say(kept: dict[str, Any], whole: dict[str, np.ndarray]) -> Said:
    """How likely a member's next order uses a discount, with how deep their discounts were."""
    shares = sensitivity(np.array([kept["a"], kept["b"]]), whole["discounted"], whole["orders"])
    depth = whole["saved_fen"] / np.maximum(whole["saved_list_fen"], 1)
    return Said(whole["member"], {"price_sensitivity": shares.round(2).tolist()}, {
        "orders": whole["orders"].tolist(), "discounted": whole["discounted"].tolist(),
        "shop": [round(kept["shop"], 3)] * len(shares), "depth": depth.round(3).tolist(),
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence."""
    orders, discounted = evidence["orders"], evidence["discounted"]
    share, shop, depth = percent(scores["price_sensitivity"]), percent(evidence["shop"]), evidence.get("depth")
    deep = (f"（平均省 {percent(depth)}）", f" ({percent(depth)} off on average)") if depth else ("", "")
    return Words(
        f"{orders} 单里有 {discounted} 单用了优惠{deep[0]}，全店平均 {shop}；单数少的往平均靠，算出 {share}。",
        f"{discounted} of {orders} orders with a discount{deep[1]}, {shop} in the shop; drawn to the mean where orders are few: "
        f"{share}.",
    )


def tags(_: dict[str, Any]) -> list[ReadyTag]:
    """Who comes for discounts."""
    return [
        ReadyTag(
            code="thrifty", name=Words("价格敏感型", "Price sensitive"), model=CODE, score="price_sensitivity", op=">=", value=0.7,
            unit="share", means=Words("下一单会用优惠的可能性", "How likely the next order uses a discount"),
        )
    ]  # fmt: skip
