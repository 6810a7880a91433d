"""What a refund would do to the member's points, told before it is final; nothing moves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shuke.assets import offers, points
from shuke.ground import orders
from shuke.kit import errors
from shuke.kit.db import Database, Tx
from shuke.kit.kinds import Sentence
from shuke.programs.intake import policy, queries
from shuke.programs.intake.actions import refunds
from shuke.programs.intake.actions.batch import Batch


class UnknownOrder(errors.NotFound):
    """There is no order "{order}" of the source "{source}"; a refund would wait until it comes."""

    code = "unknown_order"
    zh = "没有来源「{source}」的订单「{order}」；退款会先等它到。"
    cure = "Check the source and the number of the order."
    cure_zh = "请核对来源和订单号。"


class LotPart(msgspec.Struct, frozen=True, kw_only=True):
    """Points of one lot: `own` came from this order, `waiting` cannot be used yet, `grace` gets some more days."""

    points: int
    earned_at: datetime
    expires_at: datetime | None
    own: bool = False
    waiting: bool = False
    grace: bool = False


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the balance."""

    available: int
    pending: int
    debt: int


class OfferRight(msgspec.Struct, frozen=True, kw_only=True):
    """The offer that paid for a part of the order: whether the member may use it again after the refund, and why."""

    name: str
    points: int
    value_fen: int
    expires_at: datetime
    comes_back: bool
    why: Sentence


class RefundPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a refund of `amount_fen` would do. `taken_back` = Σ `from_lots` + `new_debt`; `given_back` = Σ `to_lots`;
    `forgiven` is let go. `offer` is the right to points as cash that the order used, if it used one. `pay_fen` is the money to
    hand over: the amount less what missing points take off it."""

    order_id: str
    member_id: int | None
    amount_fen: int
    left_fen: int
    closes_order: bool
    taken_back: int
    new_debt: int
    forgiven: int
    from_lots: list[LotPart]
    given_back: int
    to_lots: list[LotPart]
    cash_offset_fen: int
    pay_fen: int
    before: Parts | None
    after: Parts | None
    offer: OfferRight | None
    why: list[Sentence]


class _Told(Exception):
    """Carries what was worked out, out of the transaction that is undone."""

    def __init__(self, shown: RefundPreview) -> None:
        self.shown = shown


async def preview(
    database: Database, merchant_id: int, source: str, order_key: str, amount_fen: int | None, at: datetime
) -> RefundPreview:
    """Work a refund out by the code that applies it, and undo all of it. Without an amount: all that is left of the order.

    Equal to what the refund does if nothing happens in between. Refuses an order that has not come and more than is left.
    """
    try:
        async with database.write(merchant_id) as tx:
            raise _Told(await _worked_out(tx, source, order_key, amount_fen, at))
    except _Told as told:
        return told.shown


async def of_order(
    database: Database, merchant_id: int, order_id: int, amount_fen: int | None, at: datetime
) -> RefundPreview:
    """The same for an order by its number."""
    async with database.read(merchant_id) as tx:
        key = await orders.key_of(tx, order_id)
    if key is None:
        raise UnknownOrder(order=str(order_id), source="")
    return await preview(database, merchant_id, *key, amount_fen, at)


async def _worked_out(tx: Tx, source: str, order_key: str, amount_fen: int | None, at: datetime) -> RefundPreview:
    context = await queries.context_of(tx)
    order = (await refunds.known_orders(tx, [(source, order_key)])).get((source, order_key))
    if order is None:
        raise UnknownOrder(field="order_id", order=order_key, source=source)
    amount = order.amount_fen - order.refunded_fen if amount_fen is None else amount_fen
    known = [] if order.member_id is None else [order]
    reading = await refunds.locked(tx, context, Batch(False, at, []), known)
    await tx.ids.ensure(40)
    before = None if order.member_id is None else _parts(reading.book, order.member_id)
    row = {"refund_id": 0, "source_key": "", "amount_fen": amount, "occurred_at": at}
    entries = reading.entries.get(order.order_id, [])
    undone = policy.reverse(reading.book, order, row, entries, reading.used)
    return RefundPreview(
        order_id=order.source_key, member_id=order.member_id, amount_fen=amount,
        left_fen=order.amount_fen - order.refunded_fen, closes_order=order.refunded_fen >= order.amount_fen,
        taken_back=undone.taken_back, new_debt=sum(entry["debt_change"] for entry in reading.book.entries),
        forgiven=sum(entry["why"].get("short", {}).get("forgiven", 0) for entry in reading.book.entries),
        from_lots=_lots(reading.book, order, "clawback", {entry.entry_id for entry in entries}),
        given_back=undone.given_back, to_lots=_lots(reading.book, order, "restore", set()),
        cash_offset_fen=undone.offset_fen, pay_fen=amount - undone.offset_fen, before=before,
        after=None if order.member_id is None else _parts(reading.book, order.member_id),
        offer=await _offer(tx, context, order, at), why=[Sentence(one["zh"], one["en"]) for one in undone.why],
    )  # fmt: skip


async def _offer(tx: Tx, context: policy.Context, order: orders.OrderState, at: datetime) -> OfferRight | None:
    """As the refund does it: back only when the whole order is refunded, and only while it is still good."""
    used = await offers.used_on(tx, order.order_id)
    if used is None:
        return None
    whole, ends = order.refunded_fen >= order.amount_fen, used.expires_at.astimezone(context.zone)
    comes_back = whole and used.expires_at > at
    zh, en = f"「{used.name}」", f"“{used.name}” "
    until = f"{ends:%Y-%m-%d %H:%M}"
    if comes_back:
        why = Sentence(f"{zh}退回，{until} 前可以再用一次", f"{en}can be used again until {until}")
    elif whole:
        why = Sentence(f"{zh}已在 {until} 到期，不退回", f"{en}ran out at {until} and does not come back")
    else:
        why = Sentence(f"部分退款，{zh}不退回", f"{en}does not come back with a part of the order")
    return OfferRight(
        name=used.name, points=used.points, value_fen=used.value_fen, expires_at=used.expires_at,
        comes_back=comes_back, why=why,
    )  # fmt: skip


def _parts(book: points.Book, member_id: int) -> Parts:
    account = book.account(member_id)
    waiting = sum(lot.remaining for lot in account.lots or () if lot.active_from > book.now)
    return Parts(available=account.available(book.now), pending=waiting, debt=account.debt)


def _lots(book: points.Book, order: orders.OrderState, kind: str, own: set[int]) -> list[LotPart]:
    """The lots that entries of that type took from, or gave back to, in the order in which they did."""
    if order.member_id is None:
        return []
    entries = {entry["entry_id"] for entry in book.entries if entry["type"] == kind}
    lots = {lot.lot_id: lot for lot in book.account(order.member_id).lots or ()}
    found: dict[int, int] = {}
    for row in book.consumption:
        if row["entry_id"] in entries:
            found[row["lot_id"]] = found.get(row["lot_id"], 0) + abs(row["points"])
    parts = [_part(lots[lot_id], count, book.now, own) for lot_id, count in found.items()]
    fresh: list[dict[str, Any]] = [lot for lot in book.lots if lot["entry_id"] in entries]
    return parts + [
        LotPart(points=lot["granted"], earned_at=lot["earned_at"], expires_at=lot["expires_at"], grace=True)
        for lot in fresh
    ]


def _part(lot: points.LotState, count: int, now: datetime, own: set[int]) -> LotPart:
    return LotPart(
        points=count,
        earned_at=lot.earned_at,
        expires_at=lot.expires_at,
        own=lot.entry_id in own,
        waiting=lot.active_from > now,
    )
