"""What members hold at an instant, in its parts: maturity and expiry are predicates here, never states."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shuke.kit.db import Tx

POINTS = "points"


class Expiring(msgspec.Struct, frozen=True):
    """So many points run out at that instant unless spent before."""

    points: int
    expires_at: datetime


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one wallet. Σ entries = available + pending + held + overdue − debt.

    `available` can be spent now; `pending` is not yet active; `held` is set aside; `overdue` has run out and waits to
    be booked; `debt` is what the next credits pay first. `expiring` lists the live lots' ends, nearest first.
    """

    available: int = 0
    pending: int = 0
    held: int = 0
    overdue: int = 0
    debt: int = 0
    earned_total: int = 0
    spent_total: int = 0
    expiring: tuple[Expiring, ...] = ()


_ACCOUNTS = """
select member_id, debt, earned_total, spent_total from account
where merchant_id = %(merchant_id)s and wallet = %(wallet)s and member_id = any(%(members)s)
"""
_LOTS = """
select member_id, expires_at, active_from > %(at)s as pending, sum(remaining)::bigint as points from lot
where merchant_id = %(merchant_id)s and member_id = any(%(members)s) and wallet = %(wallet)s and remaining > 0
group by 1, 2, 3 order by 1, 2 nulls last
"""
_PINNED = """
select h.member_id, l.expires_at, sum((pin.value ->> 1)::bigint)::bigint as points
from hold h, jsonb_array_elements(h.lots) as pin, lot l
where h.merchant_id = %(merchant_id)s and h.member_id = any(%(members)s) and h.wallet = %(wallet)s
  and h.state = 'open' and h.expires_at > %(at)s
  and l.merchant_id = %(merchant_id)s and l.member_id = h.member_id and l.lot_id = (pin.value ->> 0)::bigint
group by 1, 2
"""


async def balances(tx: Tx, member_ids: Iterable[int], at: datetime, wallet: str = POINTS) -> dict[int, Balance]:
    """The balances of all these members at `at` in three statements; members without a wallet have an empty one."""
    wanted = sorted(set(member_ids))
    asked = {"members": wanted, "wallet": wallet, "at": at}
    accounts = {row.member_id: row for row in await tx.rows(_ACCOUNTS, **asked)}
    lots, pins = defaultdict(list), defaultdict(list)
    if accounts:
        for row in await tx.rows(_LOTS, **asked):
            lots[row.member_id].append(row)
        for row in await tx.rows(_PINNED, **asked):
            pins[row.member_id].append(row)
    return {member: folded(accounts.get(member), lots[member], pins[member], at) for member in wanted}


async def balance(tx: Tx, member_id: int, at: datetime, wallet: str = POINTS) -> Balance:
    """One member's balance at `at`."""
    return (await balances(tx, [member_id], at, wallet))[member_id]


def folded(account: Any | None, lots: list[Any], pins: list[Any], at: datetime) -> Balance:
    """The parts from the rows of one member: lots (expires_at, pending, points) and pins (expires_at, points)."""
    if account is None:
        return Balance()
    ends: dict[datetime | None, int] = defaultdict(int)
    pending = overdue = 0
    for lot in lots:
        if lot.pending:
            pending += lot.points
        elif lot.expires_at is not None and lot.expires_at <= at:
            overdue += lot.points
        else:
            ends[lot.expires_at] += lot.points
    for pin in pins:
        if pin.expires_at is not None and pin.expires_at <= at:
            overdue -= pin.points
        else:
            ends[pin.expires_at] -= pin.points
    expiring = sorted((end, points) for end, points in ends.items() if end is not None and points > 0)
    return Balance(
        available=sum(ends.values()), pending=pending, held=sum(pin.points for pin in pins), overdue=overdue,
        debt=account.debt, earned_total=account.earned_total, spent_total=account.spent_total,
        expiring=tuple(Expiring(points, end) for end, points in expiring),
    )  # fmt: skip


_EXPIRING = """
select expires_at, sum(remaining)::bigint as points, count(distinct member_id) as members from lot
where merchant_id = %(merchant_id)s and wallet = %(wallet)s and remaining > 0
  and expires_at > %(at)s and expires_at <= %(until)s and active_from < expires_at
group by 1 order by 1
"""


async def expiries(tx: Tx, at: datetime, until: datetime, wallet: str = POINTS) -> list[tuple[datetime, int, int]]:
    """What will run out in (at, until] at the whole merchant: (expires_at, points, members), nearest first."""
    return [tuple(row) for row in await tx.rows(_EXPIRING, wallet=wallet, at=at, until=until)]


_RUNNING_OUT = """
select l.member_id, sum(l.remaining)::bigint as points from lot l
where l.merchant_id = %(merchant_id)s and l.wallet = %(wallet)s and l.remaining > 0
  and l.expires_at > %(since)s and l.expires_at <= %(until)s and l.active_from < l.expires_at and l.member_id > %(after)s
  and (%(members)s::bigint[] is null or l.member_id = any(%(members)s::bigint[]))
group by 1 order by 1 limit %(limit)s
"""


async def running_out(
    tx: Tx, since: datetime, until: datetime, *, after: int = 0, limit: int = 1_000,
    members: Sequence[int] | None = None, wallet: str = POINTS,
) -> list[tuple[int, int]]:  # fmt: skip
    """(member, points) of what runs out in (since, until] unless spent before, by member after `after`; one statement."""
    asked = {"since": since, "until": until, "after": after, "limit": limit}
    rows = await tx.rows(_RUNNING_OUT, **asked, members=None if members is None else list(members), wallet=wallet)
    return [(row.member_id, row.points) for row in rows]


async def in_order(
    tx: Tx, *, richest_first: bool, after: Sequence[int] | None, limit: int, wallet: str = POINTS
) -> list[tuple[int, int]]:
    """(points that are not held, member) pairs in their order, after such a pair; members without a wallet are missing."""
    order, sign = ("desc", "<") if richest_first else ("asc", ">")
    rows = await tx.rows(
        "select balance - held as key, member_id from account where merchant_id = %(merchant_id)s and wallet = %(wallet)s "
        f"and (%(key)s::bigint is null or (balance - held, member_id) {sign} (%(key)s::bigint, %(member_id)s)) "
        f"order by balance - held {order}, member_id {order} limit %(limit)s",
        wallet=wallet, key=after[0] if after else None, member_id=after[1] if after else 0, limit=limit,
    )  # fmt: skip
    return [(row.key, row.member_id) for row in rows]
