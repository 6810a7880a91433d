"""Who brought whom in the demonstration: the same every time, never in a ring, and through the verbs."""

from collections import Counter
from datetime import date, timedelta

from shuke.doors.demo import calendar, friends, load, people, programme, world
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import missions, referrals

LAST = date(2026, 11, 20)


def test_friends_are_brought_by_members_who_joined_before_and_a_few_bring_many() -> None:
    year = calendar.year_until(LAST, 365)
    members = people.members(friends.np.random.default_rng(world.SEED), year, 5_000)
    found = friends.pairs(members, year.days[0])
    assert found == friends.pairs(members, year.days[0])
    newcomers = {one.number for one in members if one.joined_on > year.days[0] and one.met == friends.MET}
    assert set(found) <= newcomers
    assert len(found) > 0.9 * len(newcomers)
    assert all(
        members[referrer].joined_on <= members[friend].joined_on - timedelta(days=14)
        for friend, referrer in found.items()
    )
    most = max(list(found.values()).count(one) for one in set(found.values()))
    assert most >= 3
    monthly: dict[tuple[int, int], Counter[int]] = {}
    for friend, referrer in found.items():
        joined = members[friend].joined_on
        monthly.setdefault((joined.year, joined.month), Counter())[referrer] += 1
    leaders = {counts.most_common(1)[0] for counts in monthly.values() if counts.total() >= 8}
    assert min(count for _, count in leaders) >= 2
    assert len({who for who, _ in leaders}) > len(monthly) / 2  # another one leads nearly every month


async def test_they_are_noted_through_the_verbs_and_festivals_have_draws(database: Database, merchant_id: int) -> None:
    year = calendar.year_until(LAST, 365)
    members = people.members(friends.np.random.default_rng(world.SEED), year, 250)
    with clock.at(load.instant(year.days[0], load.MORNING)):
        numbers = await load.enrol(database, merchant_id, members)
        async with database.write(merchant_id) as tx:
            await programme.open_programme(tx, clock.now(), "苏芙")
    found = friends.pairs(members, year.days[0])
    await friends.bring_all(database, merchant_id, (members, numbers), found, year.days, {})
    async with database.write(merchant_id) as tx:
        noted = await referrals.counts(tx)
        await friends.celebrate(tx, LAST, 400, "苏芙")
        plan = (await missions.versions(tx))[0].plan
    assert noted["waiting"] == len(found) > 0
    names = {one.name: one.on for one in plan.special_days}
    assert names["七夕签到抽奖"] == date(2027, 8, 8)
    assert names["情人节签到抽奖"] == date(2027, 2, 14)
    assert "会员日签到抽奖" in names
    assert plan.rewards, "what every day gives stays"
    assert all("lottery_chance" in {one.kind for one in milestone.rewards} for milestone in plan.milestones)
