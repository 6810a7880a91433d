"""Points set aside: what is open until when and why, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.assets.points.queries.reasons import explain
from shuke.kit import paging
from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from shuke.kit.db import Tx


class HoldShape(msgspec.Struct, frozen=True, kw_only=True):
    """One hold as people read it. States: open, captured, released, timed_out (over by itself, booked or not)."""

    hold_id: int
    key: str
    member_id: int
    wallet: str
    points: int
    state: str
    why: Sentence
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None


_COLUMNS = "hold_id, key, member_id, wallet, points, state, why, created_at, expires_at, closed_at"
# Over by itself is a predicate: the sweep books it later, with the end as its time.
_OPEN = "h.state = 'open' and h.expires_at > %(at)s"
_LIST = f"""
select {_COLUMNS} from hold h where h.merchant_id = %(merchant_id)s and (not %(only_open)s or ({_OPEN}))
  and (%(member)s::bigint is null or h.member_id = %(member)s) and (%(before)s::bigint is null or h.hold_id < %(before)s)
order by h.hold_id desc limit %(limit)s
"""
_SUMS = f"""
select count(*)::bigint as holds, coalesce(sum(h.points), 0)::bigint as points, count(distinct h.member_id)::bigint as members
from hold h where h.merchant_id = %(merchant_id)s and h.wallet = %(wallet)s and {_OPEN}
"""


async def holds(
    tx: Tx, at: datetime, *, only_open: bool = True, member_id: int | None = None, cursor: str | None = None
) -> paging.Page:
    """Holds of all wallets, the latest first; `only_open` leaves out those that are over at `at`."""
    size = paging.limited(None)
    before = paging.decode(cursor, 1)
    asked = {"only_open": only_open, "member": member_id, "before": before[0] if before else None, "at": at}
    rows = await tx.rows(_LIST, **asked, limit=size + 1)
    return paging.page([_shape(row, at) for row in rows], size, lambda one: [one.hold_id])


async def held(tx: Tx, at: datetime, wallet: str = "points") -> tuple[int, int, int]:
    """(holds, points, members) of what is set aside now."""
    row = await tx.one(_SUMS, at=at, wallet=wallet)
    assert row is not None
    return row.holds, row.points, row.members


async def find_hold(tx: Tx, at: datetime, *, key: str | None = None, hold_id: int | None = None) -> HoldShape | None:
    """One hold by its key or its number, as it is at `at`."""
    one = "hold_id = %(hold_id)s" if key is None else "key = %(key)s"
    row = await tx.one(
        f"select {_COLUMNS} from hold where merchant_id = %(merchant_id)s and {one}", key=key, hold_id=hold_id
    )
    return None if row is None else _shape(row, at)


def _shape(row: Any, at: datetime) -> HoldShape:
    ended = row.state == "open" and row.expires_at <= at
    over = ended or (row.state == "released" and row.closed_at >= row.expires_at)
    told = {"state": "timed_out" if over else row.state, "why": explain(row.why, "hold")}
    return HoldShape(**(row._asdict() | told | ({"closed_at": row.expires_at} if ended else {})))
