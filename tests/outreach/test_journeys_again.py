"""How often a member may take part in a journey, and what becomes of passages when two members turn out to be one."""

from datetime import UTC, datetime, timedelta

import pytest

from shuke.assets import points
from shuke.ground import members
from shuke.kit import clock
from shuke.outreach import journeys
from shuke.outreach.journeys import actions, reactions
from shuke.outreach.journeys.jobs import travel
from tests.outreach.conftest import AT, GIVE, OFFER, SAY, Shop

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


async def live(shop: Shop, *plan: journeys.StepPlan, again_days: int | None) -> int:
    async with shop.database.write(shop.merchant_id) as tx:
        made = await journeys.create_journey(tx, "生日祝福", "s", plan, AT, again_days)
        await journeys.launch(tx, made.journey_id, AT)
    return made.journey_id


async def come_and_go(shop: Shop, member_ids: list[int], at: datetime) -> None:
    await shop.refresh(member_ids, at)
    await shop.work(at)
    await shop.refresh([], at)


@pytest.mark.parametrize(
    ("again_days", "entries", "given"),
    [
        (None, [0, 400, 800], 1),
        (0, [0, 1, 2], 3),
        (300, [0, 299, 300, 301], 2),
        (300, [0, 362, 727], 3),  # a birthday: three days late at the launch, then on time
    ],
)
async def test_a_member_takes_part_as_often_as_the_journey_says(
    shop: Shop, again_days: int | None, entries: list[int], given: int
) -> None:
    [member_id] = await shop.people(1)
    journey_id = await live(shop, GIVE, again_days=again_days)
    for days in entries:
        await come_and_go(shop, [member_id], AT + days * DAY)
    assert [row.points for row in await shop.rows("select points from entry")] == [50] * given
    assert (await shop.shown(journey_id)).numbers.entered == given
    async with shop.database.read(shop.merchant_id) as tx:
        from shuke.outreach.journeys import queries

        shown = (await queries.travellers(tx, journey_id)).items
    assert [(one.round, len(one.steps)) for one in shown] == [(turn, 1) for turn in range(given, 0, -1)]


async def test_days_are_the_merchants_dates_not_hours(shop: Shop) -> None:
    [member_id] = await shop.people(1)
    await live(shop, GIVE, again_days=1)
    late = datetime(2026, 5, 1, 15, 50, tzinfo=UTC)  # ten to midnight in Shanghai
    for at in (late, late + timedelta(minutes=5), late + timedelta(minutes=15)):
        await come_and_go(shop, [member_id], at)
    assert len(await shop.effects()) == 2


async def test_who_is_still_on_it_does_not_begin_anew(shop: Shop) -> None:
    [member_id] = await shop.people(1)
    journey_id = await live(shop, GIVE, again_days=0)
    await shop.refresh([member_id])
    async with shop.database.write(shop.merchant_id) as tx:
        await actions.take_in(tx, journey_id, AT)
    await shop.refresh([])
    await shop.refresh([member_id], AT + DAY)
    async with shop.database.write(shop.merchant_id) as tx:
        while await actions.take_in(tx, journey_id, AT + DAY):
            pass
    await shop.work(AT + DAY)
    assert await shop.effects() == [(member_id, 0, "give_points", "done")]


async def test_an_order_is_the_return_of_the_passage_it_followed(shop: Shop) -> None:
    [member_id] = await shop.people(1)
    journey_id = await live(shop, GIVE, again_days=0)
    for days in (0, 30):
        await come_and_go(shop, [member_id], AT + days * DAY)
    assert await shop.bought((1, member_id, AT + 31 * DAY)) == 1
    rows = await shop.rows("select round, returned_order_id from journey_member order by round")
    assert [tuple(row) for row in rows] == [(1, None), (2, 1)]
    assert (await shop.shown(journey_id)).numbers.returned_7d == 1


async def test_how_often_is_said_checked_and_fixed_at_launch(shop: Shop) -> None:
    journey_id = await live(shop, GIVE, again_days=300)
    shown = await shop.shown(journey_id)
    assert (shown.again_days, shown.again.zh) == (300, "每位会员 300 天内最多参加一次")
    async with shop.database.write(shop.merchant_id) as tx:
        with pytest.raises(journeys.AlreadyLaunched):
            await journeys.edit_journey(tx, journey_id, "生日祝福", "s", [GIVE], None)
        with pytest.raises(journeys.BadAgain):
            await journeys.create_journey(tx, "生日祝福", "s", [GIVE], AT, -1)


async def merge(shop: Shop, old: int, heir: int) -> int:
    async with shop.database.write(shop.merchant_id) as tx:
        number = await members.merge(tx, old, heir, by="小美", at=AT)
    for _ in range(2):  # what is announced may be heard twice
        with clock.at(AT):
            async with shop.database.write(shop.merchant_id) as tx:
                told = members.MembersMerged(member_id=old, into_id=heir, at=AT, merge_id=number)
                await reactions.follow_merges(tx, [told])
    return number


async def unmerge(shop: Shop, number: int) -> None:
    async with shop.database.write(shop.merchant_id) as tx:
        told = await members.unmerge(tx, number, by="小美", at=AT)
    with clock.at(AT):
        async with shop.database.write(shop.merchant_id) as tx:
            await reactions.follow_unmerges(tx, [told])


async def one_step(shop: Shop, journey_id: int, at: datetime = AT) -> int:
    async with shop.database.write(shop.merchant_id) as tx:
        while await actions.take_in(tx, journey_id, at):
            pass
        return await actions.advance(tx, journey_id, at)


async def passages(shop: Shop) -> list[tuple[int, int, str, int]]:
    rows = await shop.rows("select member_id, round, state, next_step from journey_member order by member_id, round")
    return [tuple(row) for row in rows]


async def test_a_merged_members_passage_goes_on_for_the_heir_and_back_when_undone(shop: Shop) -> None:
    old, heir = await shop.people(2)
    journey_id = await live(shop, GIVE, OFFER, SAY, again_days=None)
    await shop.refresh([old])
    await one_step(shop, journey_id)
    number = await merge(shop, old, heir)
    assert await passages(shop) == [(heir, 1, "active", 1)]
    assert await one_step(shop, journey_id, AT + MINUTE) == 0, "no segment knows yet who the heir is"
    with clock.at(AT + MINUTE):
        assert await travel(shop.database, shop.merchant_id) == AT + 20 * MINUTE
    await shop.refresh([heir])  # who is the same person has no further passage
    assert await one_step(shop, journey_id, AT + 30 * MINUTE) == 1
    assert await shop.effects() == [(heir, 0, "give_points", "done"), (heir, 1, "give_offer", "done")]
    await unmerge(shop, number)
    assert await passages(shop) == [(old, 1, "active", 2)]
    await shop.refresh([old, heir])
    await shop.refresh([old])
    await shop.refresh([old, heir], AT + DAY)
    await shop.work(AT + DAY)
    assert [(who, step) for who, step, _, outcome in await shop.effects() if outcome == "done"] == [
        (old, 0), (old, 1), (old, 2), (heir, 0), (heir, 1), (heir, 2),
    ]  # fmt: skip
    assert [row.points for row in await shop.rows("select points from entry")] == [50, 50]


async def test_two_passages_of_one_person_are_one_and_nothing_is_given_twice(shop: Shop) -> None:
    old, heir = await shop.people(2)
    journey_id = await live(shop, GIVE, OFFER, SAY, again_days=None)
    await shop.refresh([old])
    await one_step(shop, journey_id)  # the old number has its points
    async with shop.database.write(shop.merchant_id) as tx:
        await tx.run("update journey_member set due_at = %(at)s where merchant_id = %(merchant_id)s", at=AT + 9 * DAY)
    await shop.refresh([old, heir])
    async with shop.database.write(shop.merchant_id) as tx:
        while await actions.take_in(tx, journey_id, AT):
            pass
    number = await merge(shop, old, heir)
    assert await passages(shop) == [(heir, 1, "active", 1), (heir, 2, "merged", 1)]
    await unmerge(shop, number)
    assert await passages(shop) == [(old, 1, "active", 1), (heir, 1, "active", 0)]
    number = await merge(shop, old, heir)
    await shop.refresh([heir])
    await shop.work()
    done = [(step, kind) for _, step, kind, outcome in await shop.effects() if outcome == "done"]
    assert sorted(done) == [(0, "give_points"), (1, "give_offer"), (2, "send_message")]
    assert [row.points for row in await shop.rows("select points from entry")] == [50]
    await unmerge(shop, number)
    assert await passages(shop) == [(old, 1, "active", 1), (heir, 1, "done", 3)]


async def test_who_had_finished_under_one_number_gets_nothing_under_the_other(shop: Shop) -> None:
    old, heir = await shop.people(2)
    journey_id = await live(shop, GIVE, again_days=None)
    await come_and_go(shop, [old], AT)
    await shop.refresh([heir])
    async with shop.database.write(shop.merchant_id) as tx:
        await actions.take_in(tx, journey_id, AT)
    await merge(shop, old, heir)
    await shop.work()
    assert await passages(shop) == [(heir, 1, "done", 1), (heir, 2, "done", 1)]
    async with shop.database.read(shop.merchant_id) as tx:
        assert (await points.balances(tx, [heir], clock.now()))[heir].available == 0
    assert [row.points for row in await shop.rows("select points from entry")] == [50]


async def test_a_passage_of_another_year_is_one_of_its_own(shop: Shop) -> None:
    old, heir = await shop.people(2)
    journey_id = await live(shop, GIVE, again_days=300)
    await come_and_go(shop, [heir], AT)
    await shop.refresh([old], AT + 365 * DAY)
    async with shop.database.write(shop.merchant_id) as tx:
        await actions.take_in(tx, journey_id, AT + 365 * DAY)
    await merge(shop, old, heir)
    await shop.refresh([heir], AT + 365 * DAY)
    await shop.work(AT + 365 * DAY)
    assert await passages(shop) == [(heir, 1, "done", 1), (heir, 2, "done", 1)]
    assert [row.points for row in await shop.rows("select points from entry")] == [50, 50]
