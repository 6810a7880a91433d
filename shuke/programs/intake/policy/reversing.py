"""What a refund undoes of its order, given the locked state of the member; pure but for the book it writes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shuke.assets import points
from shuke.ground import orders
from shuke.kit import errors, money
from shuke.kit.kinds import Sentence
from shuke.programs import earning


class RefundTooLarge(errors.Refused):
    """Only {left_fen} fen of the order are left to refund; {amount_fen} were asked."""

    code = "refund_too_large"
    http_status = 422
    zh = "订单可退金额只剩 {left_fen} 分，不能退 {amount_fen} 分。"
    cure = "Refund at most {left_fen} fen."
    cure_zh = "最多可退 {left_fen} 分。"


@dataclass(slots=True)
class Reversal:
    """What one refund took back and gave back, in points, and the sentences that say why."""

    taken_back: int = 0
    given_back: int = 0
    offset_fen: int = 0
    uncounted: dict[tuple[int, int, str], tuple[int, int]] = field(default_factory=dict)
    """What caps and budgets get back: points and times by rule, member and period of the order."""
    why: list[dict[str, str]] = field(default_factory=list)


def reverse(
    book: points.Book, order: orders.OrderState, refund: Mapping[str, Any], entries: Sequence[Any],
    used: Mapping[int, list[tuple[points.LotState, int]]],
) -> Reversal:  # fmt: skip
    """Undo the share of an order's movements that a refund of its money undoes; counts it on `order`.

    Each award keeps what its own rule version would have given for what is left, so partial refunds sum exactly.
    """
    amount, before = refund["amount_fen"], order.refunded_fen
    left = order.amount_fen - before
    if amount > left:
        raise RefundTooLarge(field="amount_fen", left_fen=left, amount_fen=amount)
    order.refunded_fen = before + amount
    result = Reversal()
    if order.member_id is None:
        return result
    active = {entry.of_entry_id: entry.entry_id for entry in entries if entry.type == "activate"}
    for number, entry in enumerate(entries):
        if entry.type in ("earn", "bonus"):
            own = active.get(entry.entry_id, entry.entry_id)
            _take_back(book, order, refund, entry, (before, number, own), result)
    for entry in entries:
        if entry.type == "redeem":
            _give_back(book, order, refund, entry, entries, used, result)
    return result


def _take_back(
    book: points.Book, order: orders.OrderState, refund: Mapping[str, Any], entry: Any, at: tuple[int, int, int],
    result: Reversal,
) -> None:  # fmt: skip
    before, number, own = at
    kept_before = earning.keeps(entry.why, order.amount_fen - before) if before else entry.points
    kept_after = earning.keeps(entry.why, order.amount_fen - order.refunded_fen)
    taken = kept_before - kept_after
    if taken <= 0:
        return
    for member_id, name in entry.why.get("counted", ()):
        result.uncounted[entry.rule_id, member_id, name] = (-taken, 0 if kept_after else -1)
    if own == entry.entry_id and _lapsed(entry.why.get("waits"), book.now):
        zh, en = (
            f"{taken} 积分没按时确认，早已作废，不用收回",
            f"{taken} points had lapsed unconfirmed: nothing to take back",
        )
        result.why.append({"zh": zh, "en": en})
        return
    why = {
        "kind": "refund",
        "refund": refund["source_key"],
        "amount_fen": refund["amount_fen"],
        "of_points": entry.points,
    }
    cause = points.Cause(
        f"order:{order.order_id}:take:{refund['refund_id']}:{number}", why, refund["occurred_at"], order_id=order.order_id,
        rule_id=entry.rule_id, rule_version=entry.rule_version, basis_fen=refund["amount_fen"], of_entry_id=entry.entry_id,
    )  # fmt: skip
    assert order.member_id is not None
    back = book.take_back(order.member_id, taken, cause, own_entry=own)
    result.taken_back += back.taken + back.debt
    zh, en = f"退款收回 {taken} 积分", f"{taken} points taken back for the refund"
    if back.missing:
        rest = points.rest_of(back)
        zh, en = f"{zh}，{rest.zh}", f"{en}; {rest.en}"
    result.offset_fen += back.offset_fen
    result.why.append({"zh": zh, "en": en})


def _lapsed(waits: Mapping[str, Any] | None, now: datetime) -> bool:
    """Whether points waited for an action that nobody confirmed in time, and were never of use."""
    return waits is not None and waits.get("lapses", False) and datetime.fromisoformat(waits["until"]) <= now


def _give_back(
    book: points.Book, order: orders.OrderState, refund: Mapping[str, Any], entry: Any, entries: Sequence[Any],
    used: Mapping[int, list[tuple[points.LotState, int]]], result: Reversal,
) -> None:  # fmt: skip
    spent = -entry.points
    earlier = [e.points for e in entries if e.type == "restore" and e.of_entry_id == entry.entry_id]
    now = [e["points"] for e in book.entries if e["type"] == "restore" and e["of_entry_id"] == entry.entry_id]
    restored = sum(earlier) + sum(now)
    share = spent if order.refunded_fen >= order.amount_fen else spent * order.refunded_fen // order.amount_fen
    due = share - restored
    if due <= 0:
        return
    parts, missing, passed = [], due, restored
    taken = sorted(used.get(entry.entry_id, []), key=lambda part: points.use_order(part[0]), reverse=True)
    for lot, part in taken:  # what was taken last goes back first; what went back before is passed over
        skipped = min(part, passed)
        back = min(part - skipped, missing)
        passed, missing = passed - skipped, missing - back
        if back:
            parts.append((lot, back))
    assert missing == 0, "what was spent came from lots"
    why = {"kind": "refund_back", "refund": refund["source_key"], "of_points": spent}
    cause = points.Cause(
        f"order:{order.order_id}:back:{refund['refund_id']}", why, refund["occurred_at"], order_id=order.order_id,
        of_entry_id=entry.entry_id,
    )  # fmt: skip
    assert order.member_id is not None
    book.give_back(order.member_id, parts, cause, moved=order.member_id != entry.member_id)
    result.given_back += due
    result.why.append({"zh": f"退回抵现用掉的 {due} 积分", "en": f"{due} points spent as cash are given back"})


def _taken_back(why: dict[str, Any]) -> Sentence:
    paid = money.yuan(why["amount_fen"])
    zh = f"退款 {why['refund']} 退了 {paid}，追回当初送的 {why['of_points']} 积分里相应的部分"
    return Sentence(
        zh, f"Refund {why['refund']} of {paid}: the fitting part of {why['of_points']} points is taken back"
    )


def _given_back(why: dict[str, Any]) -> Sentence:
    zh = f"退款 {why['refund']}，退还抵现用掉的 {why['of_points']} 积分里相应的部分"
    return Sentence(zh, f"Refund {why['refund']}: the fitting part of {why['of_points']} points spent is given back")


points.explained_by({"refund": _taken_back, "refund_back": _given_back})
