"""Members hear that points run out: once per distance, what is left at that moment, and nothing when all was spent."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from shuke.assets import points
from shuke.ground import members, messaging
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.outreach.notices import jobs, plan_batch, policy, send_batch
from tests.statements import counted

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)  # 12:00 in Shanghai
END = date(2026, 12, 2)  # 30 days on


def _after(day: date) -> datetime:
    """The instant at which a business date in Shanghai is over."""
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC)


async def _give(database: Database, merchant_id: int, member_id: int, amount: int, until: date | None = END) -> None:
    key = f"{member_id}:{amount}:{until}"
    posting = points.Posting(
        member_id=member_id, points=amount, type="earn" if amount > 0 else "redeem", key=key, why={"kind": "none"},
        occurred_at=NOON - DAY, expires_at=_after(until) if until and amount > 0 else None,
    )  # fmt: skip
    with clock.at(NOON):
        await database.attempt(merchant_id, points.post, [posting])


async def _join(database: Database, merchant_id: int, count: int) -> None:
    async with database.write(merchant_id) as tx:
        people = [members.identities_of({"phone": f"1380013{n:04}"}) for n in range(1, count + 1)]
        await members.ensure_members(tx, people, NOON - DAY)
        await members.write_profiles(tx, [(1, {"name": "林晓芙"})])


async def _announce(database: Database, merchant_id: int, at: datetime) -> datetime:
    with clock.at(at):
        return await jobs.announce(database, merchant_id)


async def _told(database: Database, merchant_id: int, member_id: int) -> list[str]:
    async with database.read(merchant_id) as tx:
        return [one.body for one in (await messaging.log(tx, member_id=member_id)).items]


async def _states(database: Database, merchant_id: int) -> list[tuple[int, int, str, int]]:
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select member_id, days_before, state, points from expiry_notice where merchant_id = %(merchant_id)s "
            "order by ends_on, days_before desc, member_id"
        )
    return [tuple(row) for row in rows]


async def test_each_distance_is_told_once_with_what_is_left(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, 2)
    await _give(database, merchant_id, 1, 1200)
    await _give(database, merchant_id, 1, 300)
    await _give(database, merchant_id, 2, 50)
    for _ in range(2):
        assert await _announce(database, merchant_id, NOON) == NOON + timedelta(hours=22)
    assert await _told(database, merchant_id, 1) == ["林晓芙，您有 1,500 积分将在 12月2日 到期，来店里用掉吧。"]
    assert await _told(database, merchant_id, 2) == ["会员，您有 50 积分将在 12月2日 到期，来店里用掉吧。"]
    await _give(database, merchant_id, 1, -1000, None)
    await _give(database, merchant_id, 2, -50, None)
    for ahead in (23, 29, 30):  # seven days before, one day before, and the last day itself
        await _announce(database, merchant_id, NOON + ahead * DAY)
    assert await _told(database, merchant_id, 1) == [
        "林晓芙，您有 500 积分将在 12月2日 到期，来店里用掉吧。", "林晓芙，您有 500 积分将在 12月2日 到期，来店里用掉吧。",
        "林晓芙，您有 1,500 积分将在 12月2日 到期，来店里用掉吧。",
    ]  # fmt: skip
    assert len(await _told(database, merchant_id, 2)) == 1


async def test_what_is_spent_between_planning_and_sending_is_withdrawn(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, 2)
    for member_id in (1, 2):
        await _give(database, merchant_id, member_id, 80, END + DAY)
    await _announce(database, merchant_id, NOON)  # plans tomorrow's
    assert await _states(database, merchant_id) == [(1, 30, "planned", 80), (2, 30, "planned", 80)]
    await _give(database, merchant_id, 1, -80, None)
    await _give(database, merchant_id, 2, -30, None)
    await _announce(database, merchant_id, NOON + DAY)
    assert await _states(database, merchant_id) == [(1, 30, "withdrawn", 0), (2, 30, "sent", 50)]
    assert await _told(database, merchant_id, 1) == []


async def test_a_crash_and_two_runs_at_once_tell_nobody_twice(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, 7)
    for member_id in range(1, 8):
        await _give(database, merchant_id, member_id, 10 * member_id)
    with clock.at(NOON):
        first = await database.attempt(merchant_id, plan_batch, 30, END, date(2026, 11, 2), 0, 3)
        assert first == 3
        assert await database.attempt(merchant_id, send_batch, NOON, 2) == 2  # and here the process died
    await asyncio.gather(*(_announce(database, merchant_id, NOON) for _ in range(3)))
    assert [len(await _told(database, merchant_id, member_id)) for member_id in range(1, 8)] == [1] * 7


async def test_a_day_missed_is_caught_up_but_never_beyond_the_next(database: Database, merchant_id: int) -> None:
    assert policy.last_days((30, 7, 1), END) == [
        (30, END + 30 * DAY), (30, END + 29 * DAY), (30, END + 28 * DAY), (7, END + 7 * DAY), (7, END + 6 * DAY),
        (7, END + 5 * DAY), (1, END + DAY), (1, END),
    ]  # fmt: skip
    assert policy.last_days((3, 2), END) == [(3, END + 3 * DAY), (2, END + 2 * DAY), (2, END + DAY), (2, END)]
    await _join(database, merchant_id, 1)
    await _give(database, merchant_id, 1, 40)
    await _announce(database, merchant_id, NOON + 2 * DAY)
    await _announce(database, merchant_id, NOON + 3 * DAY)
    assert await _states(database, merchant_id) == [(1, 30, "sent", 40)]


async def test_many_members_cost_the_same_number_of_statements(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, 30)
    for member_id in range(1, 31):
        await _give(database, merchant_id, member_id, 20)
    used = []
    for limit in (2, 28):
        async with database.write(merchant_id) as tx:
            with clock.at(NOON):
                counting = counted(tx)
                await plan_batch(tx, 30, END, date(2026, 11, 2), 0, limit)
                await send_batch(tx, NOON, limit)
                used.append(counting.count)
    assert used[0] == used[1] <= 14


async def test_who_declined_is_counted_and_an_early_hour_waits(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, 1)
    await _give(database, merchant_id, 1, 40)
    async with database.write(merchant_id) as tx:
        await members.set_consents(tx, [(1, channel, False) for channel in ("sms", "wechat", "inbox")], NOON, "test")
    early = NOON - timedelta(hours=4)
    assert await _announce(database, merchant_id, early) == NOON - timedelta(hours=2)
    assert await _states(database, merchant_id) == []
    await _announce(database, merchant_id, NOON)
    assert await _states(database, merchant_id) == [(1, 30, "refused", 40)]


async def test_the_plan_on_the_console(owner: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    shown = (await owner.get("/console/api/notices")).json()
    assert (shown["plan"]["days"], shown["plan"]["on"], shown["days"]) == ([30, 7, 1], True, [])
    wanted: dict[str, Any] = {
        "on": True,
        "days": [3, 14],
        "hour": 9,
        "title": "",
        "body": "{name}：{points} 积分 {expires} 到期",
    }
    changed = await owner.put("/console/api/notices", json=wanted)
    assert (changed.status_code, changed.json()["plan"]["days"]) == (200, [14, 3])
    for bad, code in (
        ({"days": []}, "notice_days"), ({"days": [400]}, "notice_days"), ({"days": [1, 2, 3, 4, 5, 6]}, "notice_days"),
        ({"hour": 23}, "notice_hour"), ({"body": "{积分}"}, "unknown_placeholder"),
    ):  # fmt: skip
        answer = await owner.put("/console/api/notices", json=wanted | bad)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    async with database.directory() as tx:
        at = await tx.value("select at from due where merchant_id = %(m)s and kind = 'expiry_notices'", m=merchant_id)
    assert at <= datetime.fromisoformat(changed.json()["next_at"])
    trail = (await owner.get("/console/api/audit-trail", params={"action": "notices.changed"})).json()["items"]
    assert [row["sentence"]["zh"] for row in trail] == ["小美修改了到期提醒"]


def test_a_day_is_told_in_the_merchants_language() -> None:
    assert policy.told(date(2026, 12, 31), "zh") == "12月31日"
    assert policy.told(date(2026, 9, 1), "en") == "1 Sept"
