"""Questions about the leaderboard: who brought most friends in a week, a month, or ever."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec

from shuke.ground import members, tenancy
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs.referrals.policy import relation as policy

Span = Literal["week", "month", "all"]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the board; `won` says what the place won, once the period is over."""

    place: int
    member_id: int
    name: str
    friends: int
    won: list[dict[str, Any]] = []


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Who brought most friends whose referral was rewarded in a period. `closed_at` once its prizes were given."""

    period: str
    starts_on: date | None
    ends_on: date | None
    places: list[Place]
    friends: int
    closed_at: datetime | None = None


_SETTLED = """from referral where merchant_id = %(merchant_id)s and state = 'rewarded'
    and settled_at >= %(since)s::timestamptz and settled_at < %(until)s::timestamptz"""
_COUNTED = f"""
select referrer_id, count(*)::bigint as friends, max(settled_at) as last {_SETTLED}
group by referrer_id order by 2 desc, 3, 1 limit %(limit)s
"""
_TOTAL = f"select count(*) {_SETTLED}"


async def bounds(tx: Tx, span: Span, day: date) -> tuple[date | None, date | None, Any, Any]:
    """First day, last day, and the instants between which something counts for the period of a day."""
    if span == "all":
        return None, None, "-infinity", "infinity"
    merchant = await tenancy.get_merchant(tx)
    first = policy.period_start(span, day)
    after = policy.next_period(span, first)
    starts, ends = (clock.day_starts(one, merchant.zone, merchant.day_start_minutes) for one in (first, after))
    return first, after - timedelta(days=1), starts, ends


async def counted(tx: Tx, span: Span, day: date, limit: int) -> list[tuple[int, int, int]]:
    """(place, member, friends) of the period of a day, the first first."""
    _, _, since, until = await bounds(tx, span, day)
    rows = await tx.rows(_COUNTED, since=since, until=until, limit=limit)
    return policy.ranked([(row.referrer_id, row.friends, row.last) for row in rows])


async def board(tx: Tx, span: Span, day: date, limit: int = 50) -> Board:
    """The board of the period that a day belongs to, with what was won once it is over."""
    first, last, since, until = await bounds(tx, span, day)
    lines = await counted(tx, span, day, limit)
    closed = await tx.one(
        "select winners, closed_at from referral_board where merchant_id = %(merchant_id)s and period = %(span)s "
        "and starts_on = %(first)s",
        span=span, first=first,
    )  # fmt: skip
    won: dict[int, list[dict[str, Any]]] = {}
    if closed is not None:
        won = {one["member_id"]: one["won"] for one in closed.winners}
    known = await members.names(tx, {number for _, number, _ in lines})
    return Board(
        period=span, starts_on=first, ends_on=last, closed_at=closed.closed_at if closed else None,
        friends=int(await tx.value(_TOTAL, since=since, until=until) or 0),
        places=[
            Place(place=place, member_id=number, name=known[number].name if number in known else "", friends=friends,
                  won=won.get(number, []))
            for place, number, friends in lines
        ],
    )  # fmt: skip


async def closed_boards(tx: Tx, period: str) -> set[date]:
    """The first days of the periods whose prizes were given."""
    rows = await tx.rows(
        "select starts_on from referral_board where merchant_id = %(merchant_id)s and period = %(period)s",
        period=period,
    )
    return {row.starts_on for row in rows}


_OWN = f"""
with counted as (
    select referrer_id, count(*)::bigint as friends, max(settled_at) as last {_SETTLED} group by referrer_id
)
select m.friends, (
    select count(*) from counted o where (o.friends, m.last, m.referrer_id) > (m.friends, o.last, o.referrer_id)
) as ahead from counted m where m.referrer_id = %(id)s
"""


async def own_place(tx: Tx, span: Span, day: date, member_id: int) -> tuple[int | None, int]:
    """(place, friends) of one member on the board; no place without a friend."""
    _, _, since, until = await bounds(tx, span, day)
    row = await tx.one(_OWN, since=since, until=until, id=member_id)
    if row is None:
        return None, 0
    return int(row.ahead) + 1, int(row.friends)
