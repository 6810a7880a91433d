"""Which points wait for which action, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from shuke.assets import points
from shuke.kit import paging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.kit.db import Tx

State = Literal["waiting", "confirmed", "lapsed", "due", "taken_back"]


class AwaitedShape(msgspec.Struct, frozen=True, kw_only=True):
    """Points that wait for an action. States: waiting, confirmed, lapsed (nobody confirmed in time), due (usable without it),
    taken_back (a refund took them all). `left` is what refunds have left of `points`."""

    entry_id: int
    member_id: int
    order_id: int | None
    key: str
    action: str
    points: int
    left: int
    lapses: bool
    earned_at: datetime
    until: datetime
    state: State
    confirmed_at: datetime | None
    confirmed_by: str


_COLUMNS = """entry_id, member_id, order_id, key, action, points, lapses, earned_at, until, confirmed_at, confirmed_by, lot_id"""
_LIST = f"""
select {_COLUMNS} from awaited w
where w.merchant_id = %(merchant_id)s and w.action <> '' and (%(member)s::bigint is null or w.member_id = %(member)s)
  and (%(order)s::bigint is null or w.order_id = %(order)s)
  and (not %(waiting)s or (w.confirmed_at is null and w.until > %(at)s))
  and (%(before)s::bigint is null or w.entry_id < %(before)s)
order by w.entry_id desc limit %(limit)s
"""
_NAMED = f"""
select {_COLUMNS} from awaited w where w.merchant_id = %(merchant_id)s and w.entry_id = any(%(entries)s::bigint[])
order by w.entry_id
"""


async def awaited(
    tx: Tx, at: datetime, *, waiting: bool = True, member_id: int | None = None, order_id: int | None = None,
    cursor: str | None = None,
) -> paging.Page:  # fmt: skip
    """Points that wait for an action, the latest first; with `waiting` only what can still be confirmed at `at`."""
    size, before = paging.limited(None), paging.decode(cursor, 1)
    asked = {
        "member": member_id,
        "order": order_id,
        "waiting": waiting,
        "at": at,
        "before": before[0] if before else None,
    }
    page = paging.page(
        await _shapes(tx, await tx.rows(_LIST, **asked, limit=size + 1), at), size, lambda one: [one.entry_id]
    )
    kept = [one for one in page.items if not waiting or one.state == "waiting"]
    return paging.Page(items=kept, next_cursor=page.next_cursor, total=page.total)


async def named(tx: Tx, entry_ids: Sequence[int], at: datetime) -> list[AwaitedShape]:
    """These, by the entries that gave the points."""
    return await _shapes(tx, await tx.rows(_NAMED, entries=list(entry_ids)), at)


async def _shapes(tx: Tx, rows: Sequence[Any], at: datetime) -> list[AwaitedShape]:
    left = await points.lots_left(tx, [(row.member_id, row.lot_id) for row in rows])
    return [_shape(row, left.get((row.member_id, row.lot_id), 0), at) for row in rows]


def _shape(row: Any, left: int, at: datetime) -> AwaitedShape:
    state: State = "waiting"
    if row.confirmed_at is not None:
        state = "confirmed"
    elif row.until <= at:
        state = "lapsed" if row.lapses else "due"
    elif not left:
        state = "taken_back"
    told = {name: value for name, value in row._asdict().items() if name != "lot_id"}
    return AwaitedShape(**told, left=left, state=state)
