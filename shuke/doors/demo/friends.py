"""Who brought whom at 芙颜, and what the check-in of festivals gives by chance: by the verbs of the member's side."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from shuke.assets.rewards import Reward
from shuke.doors.demo import calendar, luck, purchases, world
from shuke.kit import clock
from shuke.programs import missions, referrals

if TYPE_CHECKING:
    from shuke.doors.demo.people import Member
    from shuke.kit.db import Database, Tx

MET = "朋友推荐"
"""Who says so when joining was brought by a member."""
KEEN = 8
"""So many bring most of the friends of a month, other ones every month."""
HABIT = 1.1
"""How unequal the bringing is: a few bring many."""
SHARED_PHONES = 60
"""One friend in so many comes on a phone that another friend has used, and waits for a person."""
FESTIVALS = (
    ("元旦", (1, 1)), ("情人节", (2, 14)), ("女神节", (3, 8)), ("520", (5, 20)), ("618", (6, 18)), ("国庆", (10, 1)),
    ("双11", (11, 11)), ("双12", (12, 12)),
)  # fmt: skip
PRIZES: list[dict[str, Any]] = [
    {"name": "玫瑰一支", "odds": 2_000, "stock": 60},
    {"name": "补水面膜小样", "odds": 3_000, "stock": 120},
    {"name": "50 积分", "odds": 1_500, "reward": {"kind": "points", "params": {"points": 50}}},
    {"name": "10 积分", "odds": 3_500, "reward": {"kind": "points", "params": {"points": 10}}},
]


def pairs(members: Sequence[Member], first_day: date) -> dict[int, int]:
    """Friend → referrer by place in the list, the same for the same list: who joined before brings who joins after."""
    rng = np.random.default_rng(world.SEED + 7)
    joined = sorted((member.joined_on, member.number) for member in members)
    keen = rng.pareto(HABIT, len(members)) + 0.05
    days = [day for day, _ in joined]
    ranked = np.array([number for _, number in joined])
    months: dict[tuple[int, int], np.ndarray] = {}
    found: dict[int, int] = {}
    for day, number in joined:
        month, draw = rng.random(2)
        earlier = bisect_left(days, day - timedelta(days=14))
        if day <= first_day or members[number].met != MET or not earlier:
            continue
        weights = keen[ranked[:earlier]] / keen[ranked[:earlier]].sum()
        if (day.year, day.month) not in months:
            months[day.year, day.month] = ranked[rng.choice(earlier, min(KEEN, earlier), replace=False, p=weights)]
        few = months[day.year, day.month]
        if month < 0.6:
            found[number] = int(few[int(draw * draw * len(few))])
        else:
            found[number] = int(ranked[int(np.searchsorted(np.cumsum(weights), draw))])
    return found


async def bring(
    database: Database, merchant_id: int, made: tuple[Sequence[Member], Sequence[int]], brought: dict[int, int],
    since: date, until: date, first: Mapping[int, datetime],
) -> int:  # fmt: skip
    """Note the friends who join from `since` to before `until`, as of now; how many. `made` are members and their numbers,
    `first` the first orders by place."""
    people, numbers = made
    coming = [one for one in people if since <= one.joined_on < until and one.number in brought]
    if not coming:
        return 0
    now = clock.now()
    async with database.write(merchant_id) as tx:
        codes = await referrals.ensure_codes(tx, {numbers[brought[one.number]] for one in coming}, now)
        asked = [
            referrals.Asked(
                friend_id=numbers[one.number], code=codes[numbers[brought[one.number]]], how="link" if one.wechat else "code",
                occurred_at=min(_asked_at(one, first.get(one.number)), now), device=_phone(one.number),
            )
            for one in coming
        ]  # fmt: skip
        verdicts = await referrals.attribute(tx, asked, now)
    return sum(one.state == "noted" for one in verdicts)


def _asked_at(friend: Member, first: datetime | None) -> datetime:
    """On the day of joining: shortly before the first order; some say it only afterwards, and the shop refuses that."""
    if first is None or first.date() != friend.joined_on:
        return datetime.combine(friend.joined_on, time(10 + friend.number % 11, friend.number % 60), purchases.ZONE)
    return (
        first + timedelta(minutes=40) if friend.number % 23 == 0 else first - timedelta(minutes=3 + friend.number % 37)
    )


def _phone(number: int) -> str:
    return "a phone of the family" if number % SHARED_PHONES == 0 else f"the phone of {number}"


async def celebrate(tx: Tx, first: date, days: int, by: str) -> None:
    """Publish the check-in again: a chance for the lottery with every milestone, a draw on every festival of the days to
    come and on the next member day."""
    plan = (await missions.versions(tx))[0].plan
    milestones = [msgspec.structs.replace(one, rewards=[*one.rewards, luck.CHANCE]) for one in plan.milestones]
    coming = [first + timedelta(days=n) for n in range(days)]
    named = {(month, day): name for name, (month, day) in FESTIVALS}
    feasts = {day: named[day.month, day.day] for day in coming if (day.month, day.day) in named}
    feasts |= {day: "七夕" for day in coming if calendar.QIXI.get(day.year) == (day.month, day.day)}
    feasts |= {day: "春节" for day in coming if calendar.SPRING_FESTIVAL.get(day.year) == (day.month, day.day)}
    member_day = next(day for day in coming if day.day == 8)
    feasts.setdefault(member_day, "会员日")
    special = [
        missions.SpecialDay(on=day, name=f"{name}签到抽奖", rewards=[_draw(name, day)])
        for day, name in sorted(feasts.items())
    ]
    await missions.publish(
        tx, msgspec.structs.replace(plan, milestones=milestones, special_days=special), "live", by, clock.now()
    )


def _draw(name: str, day: date) -> Reward:
    return Reward(kind="draw", params={"draw": f"{name}签到 {day.year}", "prizes": PRIZES})


async def bring_all(
    database: Database, merchant_id: int, made: tuple[Sequence[Member], Sequence[int]], brought: dict[int, int],
    days: Sequence[date], first: Mapping[int, datetime],
) -> None:  # fmt: skip
    """The friends of these days, week by week, each week noted at its end."""
    begins = [*days[::7], days[-1] + timedelta(days=1)]
    for since, until in pairwise(begins):
        with clock.at(datetime.combine(until, time(0), purchases.ZONE)):
            await bring(database, merchant_id, made, brought, since, until, first)
