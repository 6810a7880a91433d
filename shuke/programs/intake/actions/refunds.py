"""Refunds: take back and give back by the original breakdown; those that come before their order wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuke.assets import confirmations, offers, points
from shuke.ground import ingestion, members, orders
from shuke.kit import clock, errors
from shuke.kit.db import Tx
from shuke.programs import earning, tiers
from shuke.programs.intake import policy, queries
from shuke.programs.intake.actions.batch import Batch

_ENTRIES = """
select e.entry_id, e.member_id, e.type, e.points, e.key, e.order_id, e.of_entry_id, e.rule_id, e.rule_version, e.basis_fen, e.why
from unnest(%(orders)s::bigint[]) as w(order_id) cross join lateral (
    select f.* from entry f where f.merchant_id = %(merchant_id)s and f.key >= 'order:' || w.order_id || ':' collate "C"
        and f.key < 'order:' || w.order_id || ';' collate "C" offset 0
) e
order by e.entry_id
"""
_USED = """
select c.entry_id, c.points, l.member_id, l.lot_id, l.remaining, l.restricted, l.earned_at, l.active_from, l.expires_at,
    l.entry_id as lot_entry_id
from consumption c join lot l on l.merchant_id = c.merchant_id and l.member_id = c.member_id and l.lot_id = c.lot_id
where c.merchant_id = %(merchant_id)s and l.merchant_id = %(merchant_id)s and c.member_id = any(%(members)s::bigint[])
    and c.entry_id = any(%(entries)s::bigint[])
order by c.entry_id, c.lot_id
"""


async def apply(tx: Tx, context: policy.Context, batch: Batch, items: Sequence[ingestion.RefundIn]) -> None:
    """Apply many refunds in one transaction; fills the batch's answers."""
    known = await known_orders(tx, [(item.source, item.order_id) for item in items])
    state = await locked(tx, context, batch, [order for order in known.values() if order.member_id])
    for row in await _receipts(tx, items):
        for index, item in enumerate(items):
            if (item.source, item.key) == (row.source, row.key) and batch.answers[index] is None:
                batch.repeat(index, item, row.body_hashes, row.answer)
    known = await known_orders(tx, [(item.source, item.order_id) for item in items], lock=True)
    await tx.ids.ensure(40 * len(items) + 8)
    applied: list[dict[str, Any]] = []
    parked: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], int] = {}
    for index, item in enumerate(items):
        if batch.answers[index] is not None:
            continue
        if (item.source, item.key) in seen:
            first = batch.receipts[seen[item.source, item.key]]
            batch.repeat(index, item, first["body_hashes"], first["answer"])
            continue
        try:
            policy.check(context, item, batch.now, batch.history)
            order = known.get((item.source, item.order_id))
            row = _row(tx, item, batch)
            answer = _park(parked, row) if order is None else _apply_one(tx, context, state, order, row, applied)
        except errors.Refused as refusal:
            batch.refuse(index, refusal)
        else:
            seen[item.source, item.key] = len(batch.receipts)
            batch.accept(index, item, answer, row["refund_id"])
    await _store(tx, context, batch, state, (applied, parked, []))
    if batch.receipts:
        await tx.insert(ingestion.models.Receipt, batch.receipts)


async def match(tx: Tx, keys: list[tuple[str, str]]) -> None:
    """Apply the refunds that wait for these orders, where the orders have come; repeatable."""
    if keys:
        now = clock.now()
        await apply_parked(tx, await queries.context_of(tx), Batch(False, now, []), keys)


async def apply_parked(tx: Tx, context: policy.Context, batch: Batch, keys: list[tuple[str, str]]) -> None:
    """Match refunds that came before these orders; part of the orders' own transaction."""
    if not keys:
        return
    waiting = await orders.parked_refunds(tx, keys)
    if not waiting:
        return
    known = await known_orders(tx, [(row.order_source, row.order_key) for row in waiting], lock=True)
    state = await locked(tx, context, batch, [order for order in known.values() if order.member_id])
    await tx.ids.ensure(40 * len(waiting) + 8)
    matched: list[dict[str, Any]] = []
    for row in waiting:
        order = known.get((row.order_source, row.order_key))
        if order is None:
            continue
        amount = min(row.amount_fen, order.amount_fen - order.refunded_fen)
        _apply_one(tx, context, state, order, row._asdict() | {"amount_fen": amount}, matched)
    await _store(tx, context, batch, state, ([], [], matched))


async def known_orders(
    tx: Tx, keys: list[tuple[str, str]], lock: bool = False
) -> dict[tuple[str, str], orders.OrderState]:
    """The orders by their outside keys; those of merged members belong to the heir."""
    known = await orders.orders_of_keys(tx, keys, lock=lock)
    found = await members.members_of(tx, {order.member_id for order in known.values() if order.member_id is not None})
    for order in known.values():
        if order.member_id is not None and order.member_id in found:
            order.member_id = found[order.member_id].merged_into or order.member_id
    return known


class Reading:
    """What refunds read of the ledger: the book, the entries of each order, and the lots spent points came from."""

    def __init__(self, book: points.Book, standings: dict[int, tiers.Standing]) -> None:
        self.book = book
        self.standings = standings
        self.entries: dict[int, list[Any]] = {}
        self.used: dict[int, list[tuple[points.LotState, int]]] = {}
        self.counters = earning.Counters()


async def locked(tx: Tx, context: policy.Context, batch: Batch, affected: Sequence[orders.OrderState]) -> Reading:
    """Lock the accounts of these orders' members and read what their refunds need of the ledger."""
    member_ids = sorted({order.member_id for order in affected if order.member_id is not None})
    book = await points.open_book(tx, member_ids, at=batch.now, lots_of=member_ids)
    book.clawback = points.clawback_of(context.merchant.settings)
    rows = await tx.rows(tiers.STANDINGS, members=member_ids)
    reading = Reading(book, tiers.standings_of(rows, member_ids, context.ladder[0], batch.now))
    if not affected:
        return reading
    for entry in await tx.rows(_ENTRIES, orders=sorted({order.order_id for order in affected})):
        reading.entries.setdefault(entry.order_id, []).append(entry)
    waiting = [e.entry_id for entries in reading.entries.values() for e in entries if "waits" in e.why]
    if waiting:
        await confirmations.own_lots(tx, book, waiting)
    spent = [e for entries in reading.entries.values() for e in entries if e.type == "redeem"]
    if spent:
        await _read_used(tx, reading, spent)
    return reading


async def _read_used(tx: Tx, reading: Reading, spent: Sequence[Any]) -> None:
    """The lots that these debits took from, as the book knows them; emptied ones become known to it."""
    book = reading.book
    lots = {lot.lot_id: lot for account in book.accounts.values() for lot in account.lots or []}
    asked = {"members": sorted({entry.member_id for entry in spent}), "entries": [entry.entry_id for entry in spent]}
    for row in await tx.rows(_USED, **asked):
        lot = lots.get(row.lot_id)
        if lot is None:
            lot = lots[row.lot_id] = points.LotState(*row[3:10])
            if (row.member_id, points.POINTS) in book.accounts:
                book.add_lot(row.member_id, lot)
        reading.used.setdefault(row.entry_id, []).append((lot, row.points))


async def _receipts(tx: Tx, items: Sequence[ingestion.RefundIn]) -> list[Any]:
    return await tx.rows(
        ingestion.receipts.READ, sources=[item.source for item in items], keys=[item.key for item in items]
    )


def _row(tx: Tx, item: ingestion.RefundIn, batch: Batch) -> dict[str, Any]:
    return {
        "refund_id": tx.ids.take(1)[0], "source": item.source, "source_key": item.refund_id,
        "order_source": item.source, "order_key": item.order_id, "order_id": None, "member_id": None,
        "amount_fen": item.amount_fen, "lines": item.lines, "points_taken_back": 0, "points_given_back": 0,
        "closes_order": False, "refunded_after_fen": 0, "state": "applied", "history": batch.history,
        "occurred_at": item.occurred_at, "recorded_at": batch.now,
    }  # fmt: skip


def _park(parked: list[dict[str, Any]], row: dict[str, Any]) -> dict[str, Any]:
    parked.append(row | {"state": "parked"})
    return {
        "status": "parked", "refund_id": row["source_key"], "order_id": row["order_key"],
        "reason": {"zh": "订单还没有到，等它到了自动处理", "en": "Its order has not come yet; it is applied when it does"},
    }  # fmt: skip


def _apply_one(
    tx: Tx,
    context: policy.Context,
    reading: Reading,
    order: orders.OrderState,
    row: dict[str, Any],
    done: list[dict[str, Any]],
) -> dict[str, Any]:
    reversal = policy.reverse(reading.book, order, row, reading.entries.get(order.order_id, []), reading.used)
    for key, (taken, times) in reversal.uncounted.items():
        reading.counters.add(key, taken, times)
    if order.member_id is not None and row["amount_fen"]:
        day = clock.business_date(order.occurred_at, context.merchant.zone, context.merchant.day_start_minutes)
        standing = reading.standings[order.member_id]
        at, zone = row["occurred_at"], context.merchant.zone
        tiers.pay(standing, context.ladder, -row["amount_fen"], day, at, zone, context.terms)
    done.append(
        row
        | {
            "order_id": order.order_id, "member_id": order.member_id, "points_taken_back": reversal.taken_back,
            "points_given_back": reversal.given_back, "closes_order": order.refunded_fen >= order.amount_fen,
            "refunded_after_fen": order.refunded_fen,
        }
    )  # fmt: skip
    return _answer(reading, order, row, reversal)


def _answer(
    reading: Reading, order: orders.OrderState, row: dict[str, Any], reversal: policy.Reversal
) -> dict[str, Any]:
    answer: dict[str, Any] = {"status": "accepted", "refund_id": row["source_key"], "order_id": order.source_key}
    if order.member_id is not None:
        account = reading.book.account(order.member_id)
        answer["member_id"] = order.member_id
        answer["points"] = {
            "taken_back": reversal.taken_back, "given_back": reversal.given_back, "debt": account.debt,
            **policy.standing_of(reading.book, order.member_id),
        }  # fmt: skip
        if reversal.offset_fen:
            answer["points"]["cash_offset_fen"] = reversal.offset_fen
        answer["why"] = reversal.why
    return answer


async def _store(
    tx: Tx, context: policy.Context, batch: Batch, reading: Reading,
    rows: tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]],
) -> None:  # fmt: skip
    statements = [
        *orders.refunding(tx, *rows, history=batch.history),
        *points.storing(tx, reading.book),
        *tiers.storing(tx, reading.standings.values(), []),
        *earning.counting(reading.counters.added),
    ]
    if statements:
        await tx.together(*statements)
    closed = [row["order_id"] for group in rows for row in group if row["closes_order"]]
    if closed:
        await offers.give_back(tx, closed, batch.now)
