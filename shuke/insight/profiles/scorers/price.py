"""Price sensitivity: how likely the next order uses a discount, and how deep it will be, drawn to the shop's habit where orders
are few.

Orders with a discount are Binomial with a share that is Beta(a, b) over members; a and b by maximum likelihood of the
beta-binomial (J. G. Skellam, A Probability Distribution Derived from the Binomial Distribution, 1948). The depth of a discount
is the share of the list price that was saved; a member's mean counts n / (n + pull), n discounted orders against the variance
within members over the variance between them (H. Bühlmann, Experience Rating and Credibility, ASTIN Bulletin 4, 1967).
"""

from __future__ import annotations

import math
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
SCORES = (
    Score("price_sensitivity", "number", Words("价格敏感度", "Price sensitivity")),
    Score("discount_depth", "number", Words("优惠力度", "Depth of discounts")),
)
NAMES = ("a", "b")
ALIKE = Words(
    "所有订单都用了优惠，或都没用，看不出谁更在意价格。",
    "All orders used a discount, or none did: nothing tells who looks for one.",
)


def fit(discounted: np.ndarray, orders: np.ndarray) -> Fit:
    """The two parameters from each member's orders, and how many of them used a discount."""
    pairs, counts = np.unique(np.column_stack([discounted, orders]), axis=0, return_counts=True)

    def log_likelihood(parameters: np.ndarray) -> float:
        a, b = parameters
        k, n = pairs[:, 0], pairs[:, 1]
        return float(counts @ (betaln(a + k, b + n - k) - betaln(a, b))) if len(pairs) else 0.0

    if len(orders) and discounted.sum() in (0, orders.sum()):  # flat without end: any maximum would be made up
        return Fit(parameters={}, log_likelihood=0.0, converged=False, members=len(orders), why=ALIKE)
    return maximise(log_likelihood, NAMES, [(1.0, 1.0), (0.3, 2.0)], len(orders), int((orders > 1).sum()))


def sensitivity(parameters: np.ndarray, discounted: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """The expected share of orders with a discount."""
    a, b = parameters
    return (a + discounted) / (a + b + orders)


def credibility(known: dict[str, np.ndarray]) -> tuple[float, float] | None:
    """The shop's mean depth, and how many discounted orders pull as much as the shop does; None where members do not differ."""
    some = known["discounted"] > 0
    count, deep, squares = (known[name][some] for name in ("discounted", "deep", "deep_squares"))
    total, repeats = count.sum(), (count - 1).sum()
    if repeats <= 0 or len(count) < 2:
        return None
    shop, own = deep.sum() / total, deep / count
    within = (squares - count * own**2).sum() / repeats
    spread = total - (count**2).sum() / total
    between = ((count * (own - shop) ** 2).sum() - (len(count) - 1) * within) / spread
    return (float(shop), float(max(within, 1e-12) / between)) if between > 0 else None


def depth(shop: float, pull: float, discounted: np.ndarray, deep: np.ndarray) -> np.ndarray:
    """The expected depth of a member's next discount."""
    return (deep + pull * shop) / (discounted + pull)


def _depths(past: dict[str, np.ndarray], whole: dict[str, np.ndarray]) -> dict[str, float]:
    """What is kept to tell of depth; nothing where that does not beat the depth of last period on the held-out time."""
    found = credibility(past)
    came = (past["discounted"] > 0) & (past["after_discounted"] > 0)
    if found is None or not came.any():
        return {}
    known = {name: column[came] for name, column in past.items()}
    own = known["deep"] / known["discounted"]
    last = np.where(
        known["before_discounted"] > 0, known["before_deep"] / np.maximum(known["before_discounted"], 1), own
    )
    expected = depth(*found, known["discounted"], known["deep"])
    if not judge(expected, known["after_deep"] / known["after_discounted"], last).better:
        return {}
    found = credibility(whole)
    if found is None:
        return {}
    some = whole["discounted"] > 0
    high = float(np.quantile(depth(*found, whole["discounted"][some], whole["deep"][some]), 0.8))
    return {"depth": found[0], "pull": found[1], "deep": math.ceil(high * 100) / 100}


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
    kept = found.parameters | {"shop": float(whole["discounted"].sum() / whole["orders"].sum())} | _depths(past, whole)
    return Learnt(fit=found, judgement=judgement, kept=kept, why=None)


def say(kept: dict[str, Any], whole: dict[str, np.ndarray]) -> Said:
    """How likely a member's next order uses a discount, and of who ever used one how deep it will be."""
    shares = sensitivity(np.array([kept["a"], kept["b"]]), whole["discounted"], whole["orders"])
    own = whole["deep"] / np.maximum(whole["discounted"], 1)
    scores: dict[str, list[Any]] = {"price_sensitivity": shares.round(2).tolist()}
    if "pull" in kept:
        expected = depth(kept["depth"], kept["pull"], whole["discounted"], whole["deep"]).round(2).tolist()
        scores["discount_depth"] = [
            one if some else None for one, some in zip(expected, whole["discounted"] > 0, strict=True)
        ]
    return Said(whole["member"], scores, {
        "orders": whole["orders"].tolist(), "discounted": whole["discounted"].tolist(),
        "shop": [round(kept["shop"], 3)] * len(shares), "depth": own.round(3).tolist(),
        "usual": [round(kept.get("depth", 0.0), 3)] * len(shares),
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence."""
    orders, discounted = evidence["orders"], evidence["discounted"]
    share, shop, own = percent(scores["price_sensitivity"]), percent(evidence["shop"]), evidence.get("depth")
    zh = f"{orders} 单里有 {discounted} 单用了优惠，全店平均 {shop}；单数少的往平均靠，算出 {share}。"
    en = f"{discounted} of {orders} orders with a discount, {shop} in the shop; drawn to the mean where orders are few: {share}."
    if own:
        zh += f"用优惠时平均省 {percent(own)}"
        en += f" With one, {percent(own)} off on average"
        deep = scores.get("discount_depth")
        zh += "。" if deep is None else f"，全店 {percent(evidence['usual'])}，算出 {percent(deep)}。"
        en += "." if deep is None else f", {percent(evidence['usual'])} in the shop: {percent(deep)}."
    return Words(zh, en)


def tags(kept: dict[str, Any]) -> list[ReadyTag]:
    """Who comes for discounts, and who for deep ones: the fifth with the deepest to begin with."""
    deep = [
        ReadyTag(
            code="deep", name=Words("大折扣型", "Deep discounts"), model=CODE, score="discount_depth", op=">=",
            value=kept.get("deep", 0.0), unit="share",
            means=Words("用优惠时会省掉原价的多少", "How much of the list price a discount will save"),
        )
    ]  # fmt: skip
    return (deep if "deep" in kept else []) + [
        ReadyTag(
            code="thrifty", name=Words("价格敏感型", "Price sensitive"), model=CODE, score="price_sensitivity", op=">=", value=0.7,
            unit="share", means=Words("下一单会用优惠的可能性", "How likely the next order uses a discount"),
        )
    ]  # fmt: skip
