"""The leaderboard: who stands where in a week, a month and ever, and prizes that are given once."""

import asyncio
from datetime import date

from shuke.assets import points
from shuke.kit.db import Database
from shuke.programs import referrals
from tests.programs.referrals.people import (
    DAY,
    NOON,
    buy,
    gift,
    held,
    joined,
    open_plan,
    refer,
    run,
    sentences,
)

MONDAY = NOON + 3 * DAY  # 23 November 2026, 12:00 in Shanghai
FIRST = date(2026, 11, 23)


async def _brought(database: Database, merchant_id: int, counts: dict[int, int]) -> None:
    """Each member brings so many friends, who buy on Monday after `NOON`, one after the other."""
    name = 100
    for referrer, count in counts.items():
        for _ in range(count):
            name += 1
            [friend] = await joined(database, merchant_id, name)
            await refer(database, merchant_id, friend, referrer)
            await buy(database, merchant_id, name, f"o{name}", at=MONDAY + (name - 100) * DAY / 100)


async def test_boards_by_week_month_and_ever(database: Database, merchant_id: int) -> None:
    await open_plan(database, merchant_id, return_days=0)
    wang, li, zhao = await joined(database, merchant_id, 1, 2, 3)
    await _brought(database, merchant_id, {wang: 1, li: 2, zhao: 1})
    await run(database, merchant_id, MONDAY + DAY)
    async with database.read(merchant_id) as tx:
        week = await referrals.board(tx, "week", FIRST)
        before = await referrals.board(tx, "week", date(2026, 11, 22))
        month = await referrals.board(tx, "month", FIRST)
        ever = await referrals.board(tx, "all", FIRST)
    assert [(one.place, one.member_id, one.friends) for one in week.places] == [(1, li, 2), (2, wang, 1), (3, zhao, 1)]
    assert (week.starts_on, week.ends_on, week.friends) == (FIRST, date(2026, 11, 29), 4)
    assert (month.starts_on, month.ends_on) == (date(2026, 11, 1), date(2026, 11, 30))
    assert month.places == week.places == ever.places
    assert (before.places, before.friends) == ([], 0)


async def test_prizes_are_given_once_when_the_week_is_over(database: Database, merchant_id: int) -> None:
    prizes = [
        referrals.Prize(period="week", place=1, rewards=gift(1_000)),
        referrals.Prize(period="week", place=2, rewards=gift(500)),
        referrals.Prize(period="month", place=1, rewards=gift(3_000)),
    ]
    await open_plan(database, merchant_id, return_days=0, prizes=prizes, referrer_rewards=[], at=NOON)
    wang, li, zhao = await joined(database, merchant_id, 1, 2, 3)
    await _brought(database, merchant_id, {wang: 1, li: 2, zhao: 1})
    following = await run(database, merchant_id, MONDAY + DAY)
    assert following is not None and following.isoformat() == "2026-11-29T16:00:00+00:00", "Monday 0:00 in Shanghai"
    assert await held(database, merchant_id, li) == 0
    await asyncio.gather(*(run(database, merchant_id, following) for _ in range(3)))
    await run(database, merchant_id, following + 2 * DAY)  # the month is over too
    assert [await held(database, merchant_id, one) for one in (wang, li, zhao)] == [500, 4_000, 0]
    assert "推荐排行榜11月23日那周第 1 名" in await sentences(database, merchant_id, li)
    assert "推荐排行榜2026年11月第 1 名" in await sentences(database, merchant_id, li)
    async with database.read(merchant_id) as tx:
        closed = await referrals.board(tx, "week", FIRST)
    assert closed.closed_at is not None
    assert [[won["words"]["zh"] for won in one.won] for one in closed.places] == [["1000 积分"], ["500 积分"], []]


async def test_weeks_that_passed_while_nothing_ran_are_closed_later(database: Database, merchant_id: int) -> None:
    prizes = [referrals.Prize(period="week", place=1, rewards=gift(1_000))]
    await open_plan(database, merchant_id, return_days=0, prizes=prizes, at=NOON)
    [wang] = await joined(database, merchant_id, 1)
    await _brought(database, merchant_id, {wang: 1})
    await run(database, merchant_id, MONDAY + 30 * DAY)
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select starts_on, jsonb_array_length(winners) as n from referral_board "
            "where merchant_id = %(merchant_id)s order by 1"
        )
        balance = (await points.balance(tx, wang, MONDAY + 30 * DAY)).available
    assert [(str(row.starts_on), row.n) for row in rows] == [
        ("2026-11-16", 0), ("2026-11-23", 1), ("2026-11-30", 0), ("2026-12-07", 0), ("2026-12-14", 0),
    ]  # fmt: skip
    assert balance >= 1_000
