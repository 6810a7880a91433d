"""Verbs: noting what waits for an action, and confirming that it happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.assets import points
from shuke.assets.confirmations import models, policy, queries
from shuke.ground import tenancy
from shuke.kit import durations, errors
from shuke.kit.db import Tx

Statement = tuple[str, dict[str, Any]]


class NothingAwaited(errors.NotFound):
    """No points wait for a confirmation there."""

    code = "nothing_awaited"
    zh = "那里没有等待确认的积分。"
    cure = "Check the order or key; points that wait are listed with the member."
    cure_zh = "请核对订单号或编号；等待确认的积分在会员页可以看到。"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: all that waits of an order, or the credit of one key or number; `action` narrows it to one action."""

    order_id: int | None = None
    key: str | None = None
    entry_id: int | None = None
    action: str | None = None


def awaiting(member_id: int, entry_id: int, lot_id: int, cause: points.Cause, count: int) -> dict[str, Any]:
    """The row of a credit whose points wait, as its reason says; without an action they wait for `until` alone."""
    waits = cause.why["waits"]
    return {
        "entry_id": entry_id, "member_id": member_id, "lot_id": lot_id, "key": cause.key, "order_id": cause.order_id,
        "action": waits.get("action", ""), "points": count, "lapses": waits.get("lapses", False), "validity": waits["validity"],
        "since_use": waits.get("since_use", False), "earned_at": cause.occurred_at,
        "until": datetime.fromisoformat(waits["until"]),
    }  # fmt: skip


def storing(tx: Tx, rows: Sequence[dict[str, Any]]) -> list[Statement]:
    """The statement that notes them; none where nothing waits."""
    return [tx.insertion(models.Awaited, rows)] if rows else []


_FIND = """
select w.entry_id, w.member_id from awaited w where w.merchant_id = %(merchant_id)s and w.action <> ''
  and (w.order_id = any(%(orders)s::bigint[]) or w.entry_id = any(%(entries)s::bigint[]) or w.key = any(%(keys)s::text[]))
"""
_LOCKED = """
select w.entry_id, w.member_id, w.lot_id, w.key, w.order_id, w.action, w.lapses, w.validity, w.since_use, w.earned_at, w.until,
  w.confirmed_at from awaited w where w.merchant_id = %(merchant_id)s and w.entry_id = any(%(entries)s::bigint[])
order by w.entry_id
"""
_CONFIRMED = """
update awaited w set confirmed_at = %(at)s, confirmed_by = %(by)s
where w.merchant_id = %(merchant_id)s and w.entry_id = any(%(entries)s::bigint[])
"""
_OF_MEMBERS = """
select entry_id, member_id, lot_id from awaited
where merchant_id = %(merchant_id)s and confirmed_at is null and member_id = any(%(members)s::bigint[])
"""
_MOVE = """
update awaited w set member_id = r.member_id, lot_id = r.lot_id
from json_to_recordset(%(rows)s) as r(entry_id bigint, member_id bigint, lot_id bigint)
where w.merchant_id = %(merchant_id)s and w.entry_id = r.entry_id
"""
LONGEST_CHAIN = 8


async def follow(tx: Tx, member_ids: Sequence[int]) -> None:
    """What waits goes with its lots, to who these members were merged into or parted from; repeatable."""
    rows = await tx.rows(_OF_MEMBERS, members=sorted(set(member_ids)))
    left = await points.lots_left(tx, [(row.member_id, row.lot_id) for row in rows]) if rows else {}
    dry = [row for row in rows if not left.get((row.member_id, row.lot_id))]
    if not dry:
        return
    beside = await _merges(tx, member_ids)
    reached = {row.entry_id: _reach(beside, (row.member_id, row.lot_id)) for row in dry}
    left = await points.lots_left(tx, [place for places in reached.values() for place in places])
    moves = [
        {"entry_id": entry_id, "member_id": member_id, "lot_id": lot_id}
        for entry_id, places in reached.items() for member_id, lot_id in [place for place in places if left.get(place)][:1]
    ]  # fmt: skip
    if moves:
        await tx.run(_MOVE, rows=msgspec.json.encode(moves).decode())


async def _merges(tx: Tx, member_ids: Sequence[int]) -> dict[tuple[int, int], set[tuple[int, int]]]:
    """Which lots became which, either way, along the chains of merges of these members."""
    beside: dict[tuple[int, int], set[tuple[int, int]]] = {}
    known: set[int] = set()
    asked = set(member_ids)
    for _ in range(LONGEST_CHAIN):
        moved = await points.lots_moved(tx, asked - known)
        known |= asked
        for one in moved:
            here, there = (one.member_id, one.lot_id), (one.into_id, one.into_lot)
            beside.setdefault(here, set()).add(there)
            beside.setdefault(there, set()).add(here)
        asked = {one.into_id for one in moved}
        if asked <= known:
            break
    return beside


def _reach(beside: dict[tuple[int, int], set[tuple[int, int]]], place: tuple[int, int]) -> list[tuple[int, int]]:
    reached, fresh = [place], [place]
    while fresh:
        fresh = [near for one in fresh for near in beside.get(one, ()) if near not in reached]
        reached += fresh
    return reached


async def own_lots(tx: Tx, book: points.Book, entry_ids: Sequence[int]) -> None:
    """Let what still waits count in the book as the own lots of the credits it came from, also after merges: refunds take
    from there first."""
    owners = [row.member_id for row in await tx.rows(_LOCKED, entries=list(entry_ids))]
    await follow(tx, owners)
    rows = await tx.rows(_LOCKED, entries=list(entry_ids))
    origin = {row.lot_id: row.entry_id for row in rows if row.confirmed_at is None}
    for account in book.accounts.values():
        for lot in account.lots or ():
            lot.entry_id = origin.get(lot.lot_id, lot.entry_id)


async def confirm(tx: Tx, wishes: Sequence[Wish], at: datetime, by: str = "") -> list[queries.AwaitedShape]:
    """Make usable what waited for these actions, from `at` on; answers what became of each credit, once each.

    Repeatable: what is confirmed stays so. What lapsed, is due anyway or was taken back by refunds is left as it is, and its
    state says so. A fixed number of statements for any number of wishes. Refuses where nothing ever waited.
    """
    found = await tx.rows(
        _FIND, orders=[one.order_id for one in wishes if one.order_id is not None],
        entries=[one.entry_id for one in wishes if one.entry_id is not None],
        keys=[one.key for one in wishes if one.key is not None],
    )  # fmt: skip
    if not found:
        raise NothingAwaited
    entries = [row.entry_id for row in found]
    await follow(tx, [row.member_id for row in found])
    owners = {row.member_id for row in await tx.rows(_LOCKED, entries=entries)}
    book = await points.open_book(tx, owners, at=at, lots_of=owners)
    rows = await tx.rows(_LOCKED, entries=entries)  # again, under the lock of the accounts
    actions = {one.action for one in wishes if one.action is not None}
    zone = (await tenancy.get_merchant(tx)).zone
    await tx.ids.ensure(2 * len(rows) + 2)
    done = [row.entry_id for row in rows if (not actions or row.action in actions) and _activate(book, row, zone, by)]
    if done:
        await tx.run(_CONFIRMED, entries=done, at=at, by=by)
    points.store(tx, book)
    shown = await queries.named(tx, entries, at)
    return [one for one in shown if not actions or one.action in actions]


def _activate(book: points.Book, row: Any, zone: str, by: str) -> bool:
    """Whether what waits here became usable now."""
    if row.confirmed_at is not None or row.until <= book.now or (row.member_id, points.POINTS) not in book.accounts:
        return False
    lots = book.account(row.member_id).lots or ()
    lot = next((one for one in lots if one.lot_id == row.lot_id and one.remaining), None)
    if lot is None:
        return False
    ends = durations.end(row.validity, book.now if row.since_use else row.earned_at, zone)
    key = f"confirm:{row.entry_id}" if row.order_id is None else f"order:{row.order_id}:confirm:{row.entry_id}"
    why = policy.reason(row.action, lot.remaining, by)
    cause = points.Cause(key, why, book.now, order_id=row.order_id, of_entry_id=row.entry_id)
    book.activate(row.member_id, lot, cause, ends)
    return True
