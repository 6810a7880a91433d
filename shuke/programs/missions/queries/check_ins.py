"""Questions about check-in: the plans, a member's days, how many check in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from shuke.assets import points, rewards
from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.programs.missions.policy import check_in as policy
from shuke.programs.missions.policy.check_in import Day, Plan, Version


async def versions(tx: Tx) -> list[Version]:
    """Every published version of the check-in, the newest first."""
    rows = await tx.rows(
        "select version, state, plan, published_at, published_by from check_in_plan "
        "where merchant_id = %(merchant_id)s order by version desc"
    )
    return [
        Version(
            version=row.version, state=row.state, plan=msgspec.convert(row.plan, Plan),
            published_at=row.published_at, published_by=row.published_by,
        )
        for row in rows
    ]  # fmt: skip


# A run is an island: days of one member whose date less their row number is the same.
_RUNS = """
with wanted as (
    select * from unnest(%(members)s::bigint[], %(days)s::date[]) as w(member_id, on_day)
), numbered as (
    select w.member_id, c.day, c.version, c.milestones, w.on_day,
        c.day - (row_number() over (partition by w.member_id order by c.day))::int as island
    from wanted w join check_in c on c.merchant_id = %(merchant_id)s and c.member_id = w.member_id
)
select n.member_id, n.day, n.version, n.milestones from numbered n where exists (
    select from numbered k where k.member_id = n.member_id and k.island = n.island
        and k.day between k.on_day - 1 and k.on_day + 1
)
"""


async def runs_at(tx: Tx, wanted: Sequence[tuple[int, date]]) -> dict[int, list[Day]]:
    """For each member (once) the unbroken runs of checked days that contain that day or touch it, in one statement."""
    rows = await tx.rows(_RUNS, members=[one for one, _ in wanted], days=[day for _, day in wanted])
    found: dict[int, list[Day]] = defaultdict(list)
    for row in rows:
        found[row.member_id].append(Day(day=row.day, version=row.version, milestones=tuple(row.milestones)))
    return dict(found)


_CLOSED = """
select w.member_id from unnest(%(members)s::bigint[], %(days)s::date[], %(ats)s::timestamptz[]) as w(member_id, on_day, at)
where exists (
    select from check_in c where c.merchant_id = %(merchant_id)s and c.member_id = w.member_id and c.day > w.on_day
        and c.how = 'self' and c.occurred_at < w.at
)
"""


async def closed_days(tx: Tx, wanted: Sequence[tuple[int, date, datetime]]) -> set[int]:
    """Members who, before that instant, had checked in on a later day already: the zone was changed since."""
    rows = await tx.rows(
        _CLOSED,
        members=[one for one, _, _ in wanted], days=[day for _, day, _ in wanted], ats=[at for _, _, at in wanted],
    )  # fmt: skip
    return {row.member_id for row in rows}


class CalendarDay(msgspec.Struct, frozen=True, kw_only=True):
    """One checked day. `how`: self, made_up. `given` is what it brought, in words."""

    day: date
    how: str
    streak: int
    given: list[Sentence]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a member stands with the check-in today, and the checked days of one month."""

    open: bool
    today: date
    checked_today: bool
    streak: int
    longest: int
    total: int
    cards: int
    next_in: int | None
    next_day: int | None
    next_rewards: Sentence | None
    can_make_up: list[date]
    month: str
    days: list[CalendarDay]


_DAYS = """
select day, how, streak, given from check_in where merchant_id = %(merchant_id)s and member_id = %(member_id)s
order by day
"""


async def standing(tx: Tx, member_id: int, at: datetime, month: date | None = None) -> Standing:
    """A member's streak, cards, next milestone, what can be made up, and the calendar of a month (default: this one)."""
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    newest = next(iter(await versions(tx)), None)
    plan = newest.plan if newest else Plan()
    rows = await tx.rows(_DAYS, member_id=member_id)
    checked = {row.day for row in rows}
    last = today if today in checked else today - timedelta(days=1)
    streak, longest = run_to(checked, last), max((run_to(checked, day) for day in checked), default=0)
    cards = (await points.balance(tx, member_id, at, rewards.CARDS)).available
    following = policy.next_milestone(plan, streak) if newest and newest.state == "live" else None
    first = (month or today).replace(day=1)
    until = (first + timedelta(days=32)).replace(day=1)
    gaps = [today - timedelta(days=n) for n in range(1, plan.make_up.days_back + 1)]
    return Standing(
        open=newest is not None and newest.state == "live", today=today, checked_today=today in checked, streak=streak,
        longest=longest, total=len(rows), cards=cards,
        next_in=following[0] if following else None, next_day=following[1].day if following else None,
        next_rewards=rewards.sentence(following[1].rewards) if following else None,
        can_make_up=[day for day in gaps if day not in checked], month=f"{first:%Y-%m}",
        days=[_calendar_day(row) for row in rows if first <= row.day < until],
    )  # fmt: skip


def run_to(checked: set[date], day: date) -> int:
    """How many days in a row end on that day."""
    length = 0
    while day - timedelta(days=length) in checked:
        length += 1
    return length


def _calendar_day(row: Any) -> CalendarDay:
    given = [Sentence(**one["words"]) for one in row.given if one["state"] != "refused"]
    return CalendarDay(day=row.day, how=row.how, streak=row.streak, given=given)


class DayCount(msgspec.Struct, frozen=True):
    """How many members checked in on a day, and how many made it up later."""

    day: date
    members: int
    made_up: int


async def counts(tx: Tx, since: date) -> list[DayCount]:
    """How many check in, by day from `since`; days without anybody are missing."""
    rows = await tx.rows(
        "select day, count(*) as n, count(*) filter (where how = 'made_up') as made_up from check_in "
        "where merchant_id = %(merchant_id)s and day >= %(since)s group by day order by day",
        since=since,
    )
    return [DayCount(row.day, row.n, row.made_up) for row in rows]


async def made_up_in(tx: Tx, member_id: int, since: datetime) -> int:
    """How many days the member has made up since that instant."""
    found = await tx.value(
        "select count(*) from check_in where merchant_id = %(merchant_id)s and member_id = %(member_id)s "
        "and how = 'made_up' and recorded_at >= %(since)s",
        member_id=member_id, since=since,
    )  # fmt: skip
    return int(found or 0)


async def is_open(tx: Tx) -> bool:
    """Whether members can check in now."""
    newest = next(iter(await versions(tx)), None)
    return newest is not None and newest.state == "live"


async def checked_in_since(tx: Tx, at: datetime) -> bool:
    """Whether anybody has checked in since that instant."""
    return bool(
        await tx.value(
            "select exists (select from check_in where merchant_id = %(merchant_id)s and recorded_at >= %(at)s)", at=at
        )
    )
