"""What members held at a past instant: as it is known now, or as it was known then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.assets.points.queries.balances import Balance, folded
from shuke.kit import errors

if TYPE_CHECKING:
    from shuke.kit.db import Tx

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_KNOWN = "e.merchant_id = %(merchant_id)s and e.effective_at <= %(at)s and e.recorded_at <= %(known)s"
_ACCOUNTS = f"""
select e.member_id, coalesce(sum(e.debt_change), 0)::bigint as debt,
  coalesce(sum(e.points) filter (where e.type in ('earn', 'bonus')), 0)::bigint as earned_total,
  coalesce(-sum(e.points) filter (where e.type in ('redeem', 'capture', 'restore')), 0)::bigint as spent_total
from entry e where {_KNOWN} and e.wallet = %(wallet)s and e.member_id = any(%(members)s::bigint[]) group by 1
"""
# A credit before its activation counts from the moment it was given; what a lot had left is what was taken by then.
_LOTS = f"""
select l.member_id, l.lot_id, l.expires_at, l.active_from > %(at)s as pending,
  (l.granted - coalesce((select sum(c.points) from consumption c
    join entry e on e.merchant_id = c.merchant_id and e.member_id = c.member_id and e.entry_id = c.entry_id
    where c.merchant_id = %(merchant_id)s and c.member_id = l.member_id and c.lot_id = l.lot_id and {_KNOWN}), 0))::bigint
    as points
from lot l join entry e on e.member_id = l.member_id and e.entry_id = l.entry_id and {_KNOWN}
where l.merchant_id = %(merchant_id)s and l.member_id = any(%(members)s::bigint[]) and l.wallet = %(wallet)s
"""
_PINNED = f"""
select h.member_id, (pin.value ->> 0)::bigint as lot_id, l.expires_at, (pin.value ->> 1)::bigint as points
from hold h, jsonb_array_elements(h.lots) as pin, lot l join entry e
  on e.member_id = l.member_id and e.entry_id = l.entry_id and {_KNOWN}
where h.merchant_id = %(merchant_id)s and h.member_id = any(%(members)s::bigint[]) and h.wallet = %(wallet)s
  and h.created_at <= least(%(at)s, %(known)s) and h.expires_at > %(at)s
  and (h.state = 'open' or h.closed_at > least(%(at)s, %(known)s))
  and l.merchant_id = %(merchant_id)s and l.member_id = h.member_id and l.lot_id = (pin.value ->> 0)::bigint
"""


async def balances_at(
    tx: Tx, member_ids: Iterable[int], at: datetime, known_at: datetime | None = None, wallet: str = "points"
) -> dict[int, Balance]:
    """The balances of these members at the past instant `at`, in three statements.

    Everything booked by now counts, also what was booked late for a time before `at`; with `known_at`, only what had been
    recorded by then. Earned and spent are the totals up to `at`.
    """
    wanted = sorted(set(member_ids))
    asked: dict[str, Any] = {"members": wanted, "wallet": wallet, "at": at, "known": known_at or NEVER}
    accounts = {row.member_id: row for row in await tx.rows(_ACCOUNTS, **asked)}
    lots, pins = defaultdict(list), defaultdict(list)
    for row in await tx.rows(_LOTS, **asked):
        lots[row.member_id].append(row)
    for row in await tx.rows(_PINNED, **asked):
        pins[row.member_id].append(row)
    return {member: folded(accounts.get(member), lots[member], pins[member], at) for member in wanted}


class NotYet(errors.Refused):
    """That instant lies ahead."""

    code = "not_yet"
    http_status = 422
    zh = "这个时间还没到。"
    cure = "Ask for a moment that has passed."
    cure_zh = "请选择已经过去的时间。"


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """A whole merchant's wallet at an instant. available + pending − debt = earned + other − used − expired.

    `expired` counts what had run out by then, booked or not; `other` is adjustments, take-backs and moves.
    """

    as_of: datetime
    members: int
    earned: int
    used: int
    expired: int
    other: int
    debt: int
    available: int
    pending: int


_MOVED = f"""
select count(distinct e.member_id)::bigint as members,
  coalesce(sum(e.points) filter (where e.type in ('earn', 'bonus', 'import')), 0)::bigint as earned,
  coalesce(-sum(e.points) filter (where e.type in ('redeem', 'capture', 'restore')), 0)::bigint as used,
  coalesce(-sum(e.points) filter (where e.type = 'expire'), 0)::bigint as expired,
  coalesce(sum(e.debt_change), 0)::bigint as debt, coalesce(sum(e.points), 0)::bigint as balance
from entry e where {_KNOWN} and e.wallet = %(wallet)s
"""
_LEFT = f"""
select coalesce(sum(p.points) filter (where l.active_from <= %(at)s and (l.expires_at is null or l.expires_at > %(at)s)), 0)::bigint
    as available,
  coalesce(sum(p.points) filter (where l.active_from > %(at)s), 0)::bigint as pending,
  coalesce(sum(p.points) filter (where l.active_from <= %(at)s and l.expires_at <= %(at)s), 0)::bigint as overdue
from (
  select g.member_id, g.lot_id, sum(g.points) as points from (
    select l.member_id, l.lot_id, l.entry_id, l.granted as points from lot l
    where l.merchant_id = %(merchant_id)s and l.wallet = %(wallet)s
    union all
    select c.member_id, c.lot_id, c.entry_id, -c.points from consumption c where c.merchant_id = %(merchant_id)s
  ) g join entry e on e.member_id = g.member_id and e.entry_id = g.entry_id and {_KNOWN} and e.wallet = %(wallet)s
  group by 1, 2
) p join lot l on l.merchant_id = %(merchant_id)s and l.member_id = p.member_id and l.lot_id = p.lot_id
"""


async def totals_at(tx: Tx, at: datetime, wallet: str = "points") -> Totals:
    """The whole merchant at `at`, as known now, in two statements over all of its entries: for reports, not for pages.

    Points that a hold had set aside count as available here.
    """
    asked: dict[str, Any] = {"wallet": wallet, "at": at, "known": NEVER}
    moved, left = await tx.one(_MOVED, **asked), await tx.one(_LEFT, **asked)
    assert moved is not None and left is not None
    return Totals(
        as_of=at, members=moved.members, earned=moved.earned, used=moved.used, expired=moved.expired + left.overdue,
        other=moved.balance - moved.earned + moved.used + moved.expired, debt=moved.debt, available=left.available,
        pending=left.pending,
    )  # fmt: skip
