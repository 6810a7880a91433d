"""Why a member has a score, in one sentence: from the scores and the evidence kept beside them."""

from __future__ import annotations

from typing import Any

from shuke.insight.profiles.policy import rfm
from shuke.insight.profiles.policy.fitting import Words

CELLS = {cell.code: cell.name for cell in (*rfm.ELEVEN, rfm.OTHER)} | dict(rfm.EIGHT.values())


def reason(model: str, scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """The sentence of one model for one member."""
    return {"rfm": _rfm, "repurchase": _repurchase, "price": _price}[model](scores, evidence)


def _yuan(fen: float) -> str:
    return f"¥{fen / 100:,.0f}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f}%"


def _rfm(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    last, orders, fen = evidence["last_on"], evidence["orders"], _yuan(evidence["fen"])
    marks = (scores["recency"], scores["frequency"], scores["money"])
    cell = CELLS[scores["cell"]]
    return Words(
        f"上次购买在 {last}（{marks[0]} 分），共 {orders} 单（{marks[1]} 分），实付 {fen}（{marks[2]} 分），属于「{cell.zh}」。",
        f"Last bought on {last} (mark {marks[0]}), {orders} orders (mark {marks[1]}), spent {fen} (mark {marks[2]}): {cell.en}.",
    )


def _repurchase(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    again, last, days = evidence["repeats"], evidence["last_on"], evidence["days"]
    alive, coming = _percent(scores["p_alive"]), f"{scores['purchases']:.1f}"
    gap = evidence.get("gap_days")
    habit = (f"平时约每 {gap:.0f} 天来一次，", f"usually every {gap:.0f} days, ") if gap else ("", "")
    worth = scores.get("value_fen")
    spend = (f"、消费约 {_yuan(worth)}", f" worth about {_yuan(worth)}") if worth is not None else ("", "")
    return Words(
        f"首购之后又来过 {again} 次，{habit[0]}上次在 {last}；仍是顾客的可能性 {alive}，"
        f"未来 {days} 天预计再买 {coming} 次{spend[0]}。",
        f"Came back {again} times, {habit[1]}last on {last}: {alive} likely to be a customer still, "
        f"{coming} purchases{spend[1]} expected in {days} days.",
    )


def _price(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    orders, discounted = evidence["orders"], evidence["discounted"]
    share, shop = _percent(scores["price_sensitivity"]), _percent(evidence["shop"])
    return Words(
        f"{orders} 单里有 {discounted} 单用了优惠，全店平均 {shop}；单数少的往平均靠，算出 {share}。",
        f"{discounted} of {orders} orders with a discount, {shop} in the shop; drawn to the mean where orders are few: {share}.",
    )
