"""Invitations and their success, in the mirror: as events that rules can use, and as features of the member who invites."""

from shuke.doors.context import Context
from shuke.ground import members, mirror
from shuke.insight import segments
from shuke.insight.profiles.queries import features, purchases
from tests.programs.referrals.people import DAY, NOON, buy, give_back, joined, open_plan, refer, run


async def test_who_invites_well_is_known(mirrored: Context, merchant_id: int) -> None:
    """王芳 brings three: two buy, one of them returns it all after the window, the third never comes."""
    database = mirrored.database
    await open_plan(database, merchant_id)
    [wang] = await joined(database, merchant_id, 1, at=NOON - 60 * DAY)
    friends = await joined(database, merchant_id, 2, 3, 4)
    for friend in friends:
        await refer(database, merchant_id, friend, wang)
    await buy(database, merchant_id, 2, "o2", at=NOON + DAY)
    await buy(database, merchant_id, 3, "o3", at=NOON + DAY)
    await run(database, merchant_id, NOON + 9 * DAY)
    rule = {"did": "invite_rewarded", "op": ">=", "value": 2}
    assert mirrored.mirror is not None

    async def told(at_days: int) -> tuple[float, float, float]:
        await mirror.drain(mirrored.mirror, database, merchant_id)
        async with database.read(merchant_id) as tx:
            moment = await purchases.moment_of(tx, NOON + at_days * DAY)
        found = await features.of_member(mirrored.mirror, moment, wang)
        return found["invites"], found["invites_won"], round(found["invite_success"], 2)

    assert await told(9) == (3, 2, 0.67)
    counted = await segments.count(database, mirrored.mirror, merchant_id, rule, NOON + 9 * DAY)
    assert counted.count == 1
    await give_back(database, merchant_id, "o3", "r3", NOON + 3 * DAY)  # in time, told late
    assert await told(30) == (3, 1, 0.33)
    async with database.write(merchant_id) as tx:
        await members.merge(tx, wang, friends[2], by="小美", at=NOON + 30 * DAY)
    await mirror.drain(mirrored.mirror, database, merchant_id)
    async with database.read(merchant_id) as tx:
        moment = await purchases.moment_of(tx, NOON + 31 * DAY)
    assert (await features.of_member(mirrored.mirror, moment, friends[2]))["invites_won"] == 1
    assert await features.of_member(mirrored.mirror, moment, wang) == {}
