"""The streak that segments ask for: it grows with every day, joins over a made-up one, and ends by itself."""

from datetime import UTC, datetime, timedelta

from shuke.assets import rewards
from shuke.ground import members, mirror
from shuke.insight import outlook
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import missions

NOON = datetime(2026, 11, 10, 4, tzinfo=UTC)  # 12:00 in Shanghai
DAY = timedelta(days=1)


async def test_a_streak_ends_at_the_midnight_after_the_missed_day(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    plan = missions.Plan(rewards=missions.DEFAULT.rewards, make_up=missions.MakeUp(days_back=7))
    async with database.write(merchant_id) as tx:
        await missions.publish(tx, plan, "live", "小美", NOON - 60 * DAY)
        [anna] = await members.ensure_members(tx, [{"phone": "13800138000"}], NOON - 60 * DAY, [NOON - 60 * DAY])
        card = rewards.Reward(kind="make_up_card", params={"cards": 1})
        await rewards.give(tx, [rewards.Gift(member_id=anna, reward=card, key="c", why={"zh": "送卡"}, at=NOON)])
    for nth in (0, 1, 3):  # the third day is missed
        at = NOON + nth * DAY
        with clock.at(at):
            asked = [missions.CheckIn(member_id=anna, occurred_at=at)]
            await database.attempt(merchant_id, missions.check_in, asked, at)
    later = NOON + 3 * DAY + timedelta(hours=2)
    with clock.at(later):
        async with database.write(merchant_id) as tx:
            await missions.make_up(tx, anna, (NOON + 2 * DAY).date(), later)
    await mirror.drain(columns, database, merchant_id)

    async def streak(at: datetime) -> int:
        for days in range(6):
            rule = {"attr": "check_in.streak", "op": "eq", "value": days}
            async with database.read(merchant_id) as tx:
                if (await outlook.preview(tx, columns, rule, at)).count:
                    return days
        return -1

    midnight = datetime(2026, 11, 14, 16, tzinfo=UTC)  # the 15th begins
    assert [await streak(NOON + n * DAY + timedelta(minutes=1)) for n in (-1, 0, 1, 2)] == [0, 1, 2, 2]
    assert await streak(later - timedelta(hours=1)) == 1  # the day after the missed one
    assert [await streak(later + n) for n in (timedelta(minutes=1), DAY)] == [4, 4]
    assert [await streak(midnight + n) for n in (-timedelta(seconds=1), timedelta(seconds=1))] == [4, 0]
