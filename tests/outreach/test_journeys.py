"""Journeys: who enters takes each step once, whatever happens in between, and every outcome is on record."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shuke.assets import offers, points
from shuke.ground import members
from shuke.kit import clock, errors, jobs, kinds, references
from shuke.outreach import journeys
from shuke.outreach.journeys import actions, reactions
from tests.outreach.conftest import AT, GIVE, OFFER, SAY, Shop
from tests.statements import counted

DAY = timedelta(days=1)


async def test_who_enters_on_a_refresh_takes_the_steps(shop: Shop) -> None:
    ids = await shop.people(3, with_points=600)
    journey_id = await shop.journey(OFFER, SAY, GIVE)
    await shop.refresh(ids[:2])
    await shop.work()
    taken = [(0, "give_offer", "done"), (1, "send_message", "done"), (2, "give_points", "done")]
    assert await shop.effects() == [(member_id, *step) for member_id in ids[:2] for step in taken]
    async with shop.database.read(shop.merchant_id) as tx:
        usable = await offers.find_usable(tx, ids, AT)
        balances = await points.balances(tx, ids, AT)
    assert {member_id: right[0].points for member_id, right in usable.items()} == {ids[0]: 500, ids[1]: 500}
    assert [balances[member_id].available for member_id in ids] == [650, 650, 600]
    bodies = [row.body for row in await shop.rows("select body from message order by member_id")]
    assert bodies == ["会员1,600 分，5月4日 10:00 前", "会员2,600 分，5月4日 10:00 前"]
    shown = await shop.shown(journey_id)
    assert shown.numbers == journeys.Numbers(entered=2, messaged=2, granted=2)
    assert [row.state for row in await shop.rows("select state from journey_member")] == ["done", "done"]


async def test_a_member_enters_once_for_ever(shop: Shop) -> None:
    [member_id] = await shop.people(1)
    await shop.journey(GIVE)
    for day in range(3):
        await shop.refresh([member_id], AT + day * DAY)
        await shop.work(AT + day * DAY)
        await shop.refresh([], AT + day * DAY)
    assert await shop.effects() == [(member_id, 0, "give_points", "done")]
    assert [row.points for row in await shop.rows("select points from entry")] == [50]


async def test_hearing_of_a_refresh_twice_changes_nothing(shop: Shop) -> None:
    ids = await shop.people(2)
    await shop.journey(GIVE)
    await shop.refresh(ids)
    heard = await shop.rows("select payload from outbox where kind = 'segment_refreshed'")
    from shuke.insight.segments.events import SegmentRefreshed

    told = SegmentRefreshed(
        **{name: value for name, value in heard[0].payload.items() if name not in ("type", "at")}, at=AT
    )
    for _ in range(2):
        async with shop.database.write(shop.merchant_id) as tx:
            await reactions.begin(tx, [told, told])
        await shop.work()
    assert len(await shop.effects()) == 2


async def test_history_starts_no_journey(shop: Shop) -> None:
    ids = await shop.people(2)
    journey_id = await shop.journey(GIVE)
    await shop.refresh(ids, backfill=True)
    await shop.work()
    assert await shop.effects() == []
    assert (await shop.shown(journey_id)).numbers.entered == 0


async def test_those_inside_at_the_launch_enter_only_by_choice(shop: Shop) -> None:
    ids = await shop.people(3)
    await shop.refresh(ids[:2])
    quiet = await shop.journey(GIVE)
    chosen = await shop.journey(GIVE, start_with_members=True)
    await shop.work()
    assert (await shop.shown(quiet)).numbers.entered == 0
    assert (await shop.shown(chosen)).numbers.entered == 2


async def test_who_left_the_segment_is_left_alone(shop: Shop) -> None:
    ids = await shop.people(3)
    journey_id = await shop.journey(GIVE, SAY)
    await shop.refresh(ids)
    async with shop.database.write(shop.merchant_id) as tx:
        while await actions.take_in(tx, journey_id, AT):
            pass
    await shop.refresh(ids[1:])
    async with shop.database.write(shop.merchant_id) as tx:
        assert await actions.advance(tx, journey_id, AT) == 3
    await shop.refresh(ids[2:])
    await shop.work()
    assert await shop.effects() == [
        (ids[0], 0, "give_points", "left"),
        (ids[1], 0, "give_points", "done"),
        (ids[1], 1, "send_message", "left"),
        (ids[2], 0, "give_points", "done"),
        (ids[2], 1, "send_message", "done"),
    ]
    [why] = await shop.rows(
        "select detail -> 'why' ->> 'zh' as zh from journey_effect where step = 1 and outcome = 'left'"
    )
    assert why.zh == "已经不在分群里了"
    assert (await shop.shown(journey_id)).numbers.skipped == 2


async def test_a_refusal_is_recorded_and_the_member_moves_on(shop: Shop) -> None:
    agreed, silent = await shop.people(2, with_points=10)
    say = journeys.StepPlan("send_message", {"body": "{points}", "channel": "sms"})
    journey_id = await shop.journey(say, GIVE)
    async with shop.database.write(shop.merchant_id) as tx:
        await members.set_phone(tx, agreed, "13800138000", AT)
        await members.set_consents(tx, [(agreed, "sms", True)], AT, "test")
    await shop.refresh([agreed, silent])
    await shop.work()
    assert await shop.effects() == [
        (agreed, 0, "send_message", "done"),
        (agreed, 1, "give_points", "done"),
        (silent, 0, "send_message", "refused"),
        (silent, 1, "give_points", "done"),
    ]
    async with shop.database.read(shop.merchant_id) as tx:
        page = await journeys_queries(tx, journey_id)
    why = {traveller.member_id: traveller.steps[0].why for traveller in page.items}
    assert why[agreed] is None
    assert why[silent] == kinds.Sentence(
        zh="会员没有同意接收这个渠道的消息", en="the member has not agreed to this channel"
    )


async def journeys_queries(tx: Any, journey_id: int) -> Any:
    from shuke.outreach.journeys import queries

    return await queries.travellers(tx, journey_id)


async def test_an_offer_that_ended_after_the_launch_is_refused_to_all(shop: Shop) -> None:
    ids = await shop.people(2)
    await shop.journey(OFFER, GIVE)
    async with shop.database.write(shop.merchant_id) as tx:
        [offer] = await offers.offers(tx)
        terms = offers.Terms(name=offer.name, points=500, value_fen=5_000)
        await offers.edit_offer(tx, offer.offer_id, terms, "ended")
    await shop.refresh(ids)
    await shop.work()
    assert [(step, outcome) for _, step, _, outcome in await shop.effects()] == [(0, "refused"), (1, "done")] * 2


async def test_a_paused_journey_stops_before_the_next_action_and_goes_on(shop: Shop) -> None:
    ids = await shop.people(4)
    journey_id = await shop.journey(GIVE)
    await shop.refresh(ids[:2])
    await shop.move(journey_id, "pause")
    await shop.work()
    assert await shop.effects() == []
    await shop.refresh(ids[:3])  # who enters during the pause is not taken in later
    await shop.move(journey_id, "resume")
    await shop.work()
    assert [effect[0] for effect in await shop.effects()] == ids[:2]
    await shop.move(journey_id, "end")
    await shop.refresh(ids)
    await shop.work()
    assert len(await shop.effects()) == 2


async def test_a_move_wakes_the_work(shop: Shop) -> None:
    [member_id] = await shop.people(1)
    await shop.journey(GIVE)
    async with shop.database.directory() as tx:
        await tx.run("delete from due where merchant_id = %(m)s and kind = 'journeys'", m=shop.merchant_id)
    await shop.refresh([member_id])
    async with shop.database.directory() as tx:
        due = await tx.value("select at from due where merchant_id = %(m)s and kind = 'journeys'", m=shop.merchant_id)
    assert due == AT


@pytest.mark.parametrize(
    ("moves", "refused"),
    [
        (["launch"], "launch"),
        (["launch"], "resume"),
        ([], "pause"),
        (["end"], "launch"),
        (["launch", "pause"], "pause"),
    ],
)
async def test_moves_that_the_state_does_not_allow_are_refused(shop: Shop, moves: list[str], refused: str) -> None:
    journey_id = await shop.journey(GIVE, launch=False)

    async def do(move: Any) -> None:
        async with shop.database.write(shop.merchant_id) as tx:
            if move == "launch":
                await journeys.launch(tx, journey_id, AT)
            else:
                await journeys.move(tx, journey_id, move, AT)

    for move in moves:
        await do(move)
    before = (await shop.shown(journey_id)).state
    with pytest.raises(journeys.WrongState):
        await do(refused)
    assert (await shop.shown(journey_id)).state == before


@pytest.mark.parametrize(
    ("plan", "refusal"),
    [
        ([], journeys.NoSteps),
        ([GIVE] * 21, journeys.NoSteps),
        ([journeys.StepPlan("dance", {})], kinds.UnknownKind),
        ([journeys.StepPlan("give_points", {"points": 0})], kinds.BadParameters),
        ([journeys.StepPlan("give_points", {"points": 1, "color": "red"})], kinds.BadParameters),
        ([journeys.StepPlan("give_offer", {})], kinds.BadParameters),
    ],
)
async def test_an_unfit_draft_is_refused(shop: Shop, plan: list[journeys.StepPlan], refusal: type[Exception]) -> None:
    async with shop.database.write(shop.merchant_id) as tx:
        with pytest.raises(refusal):
            await journeys.create_journey(tx, "x", "s", plan, AT)
    async with shop.database.read(shop.merchant_id) as tx:
        assert await journeys.journeys(tx) == []


@pytest.mark.parametrize(
    "step",
    [
        journeys.StepPlan("give_offer", {"offer": "nothing"}),
        journeys.StepPlan("send_message", {"body": "{nobody}"}),
        journeys.StepPlan("give_points", {"points": 5, "valid_for": "soon"}),
    ],
)
async def test_what_could_not_work_is_refused_at_the_launch(shop: Shop, step: journeys.StepPlan) -> None:
    journey_id = await shop.journey(step, launch=False)
    async with shop.database.write(shop.merchant_id) as tx:
        with pytest.raises(errors.Refused):
            await journeys.launch(tx, journey_id, AT)
    assert (await shop.shown(journey_id)).state == "draft"


async def test_an_unknown_segment_is_refused(shop: Shop) -> None:
    async with shop.database.write(shop.merchant_id) as tx:
        with pytest.raises(errors.NotFound):
            await journeys.create_journey(tx, "x", "nothing", [GIVE], AT)


async def test_a_launched_journey_keeps_its_steps_and_takes_a_new_name(shop: Shop) -> None:
    journey_id = await shop.journey(GIVE)
    async with shop.database.write(shop.merchant_id) as tx:
        with pytest.raises(journeys.AlreadyLaunched):
            await journeys.edit_journey(tx, journey_id, "x", "s", [GIVE, GIVE])
        renamed = await journeys.edit_journey(tx, journey_id, "新名字", "s", [GIVE])
    assert renamed.name == "新名字"
    async with shop.database.read(shop.merchant_id) as tx:
        uses = await journeys.using_segments(tx, ["s", "other"])
    assert uses == [("s", references.Use("journey", str(journey_id), "新名字"))]


async def test_chunks_take_as_many_statements_as_one_member(shop: Shop) -> None:
    ids = await shop.people(400, with_points=1)
    journey_id = await shop.journey(OFFER, SAY, GIVE)
    await shop.refresh(ids[:1])
    alone = await _statements(shop, journey_id)
    await shop.refresh(ids)
    assert await _statements(shop, journey_id) == alone
    assert len(await shop.effects()) == 1_200


async def _statements(shop: Shop, journey_id: int) -> list[int]:
    counts = []
    for verb in (actions.take_in, actions.advance, actions.advance, actions.advance):
        async with shop.database.write(shop.merchant_id) as tx:
            counting = counted(tx)
            assert await verb(tx, journey_id, AT)
        counts.append(counting.count)
    async with shop.database.write(shop.merchant_id) as tx:
        assert await actions.take_in(tx, journey_id, AT), "the last look at the run finds nobody more"
    return counts


async def test_a_crowd_enters_in_chunks_and_several_workers_share_it(shop: Shop) -> None:
    ids = await shop.people(230)
    journey_id = await shop.journey(GIVE, OFFER)
    await shop.refresh(ids)

    async def worker() -> None:
        while await shop.database.attempt(shop.merchant_id, actions.take_in, journey_id, AT, 50):
            while await shop.database.attempt(shop.merchant_id, actions.advance, journey_id, AT, 20):
                pass

    await asyncio.gather(worker(), worker(), worker())
    await shop.work()
    assert len(await shop.effects()) == 460
    assert [row.points for row in await shop.rows("select sum(points) as points from entry")] == [230 * 50]
    [run] = await shop.rows("select entered, state from journey_run")
    assert tuple(run) == (230, "done")


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (timedelta(seconds=-1), False),
        (timedelta(0), True),
        (timedelta(days=7) - timedelta(seconds=1), True),
        (timedelta(days=7), False),
    ],
)
async def test_coming_back_counts_for_seven_days(shop: Shop, after: timedelta, counts: bool) -> None:
    [member_id] = await shop.people(1)
    journey_id = await shop.journey(GIVE)
    await shop.refresh([member_id])
    await shop.work()
    assert await shop.bought((9, member_id, AT + after), (8, None, AT)) == counts
    assert (await shop.shown(journey_id)).numbers.returned_7d == counts


async def test_the_first_order_stays_in_whatever_order_they_are_told(shop: Shop) -> None:
    [member_id] = await shop.people(1)
    await shop.journey(GIVE)
    await shop.refresh([member_id])
    await shop.work()
    orders = [(number, member_id, AT + timedelta(hours=number)) for number in (5, 2, 9, 3)]
    for order in (orders[0], orders[2], *orders, orders[1], orders[3]):
        await shop.bought(order)
    [row] = await shop.rows("select returned_at, returned_order_id from journey_member")
    assert tuple(row) == (AT + timedelta(hours=2), 2)


async def test_outcomes_and_days_are_counted(shop: Shop) -> None:
    ids = await shop.people(3, with_points=5)
    journey_id = await shop.journey(OFFER)
    await shop.refresh(ids[:2])
    await shop.work()
    await shop.refresh(ids, AT + DAY)
    await shop.work(AT + DAY)
    await shop.bought((1, ids[0], AT + DAY))
    from shuke.outreach.journeys import queries

    async with shop.database.read(shop.merchant_id) as tx:
        days = await queries.daily(tx, journey_id)
        [outcome] = await queries.outcomes(tx, journey_id)
    assert [(day.date.isoformat(), day.entered, day.returned) for day in days] == [
        ("2026-05-01", 2, 0),
        ("2026-05-02", 1, 1),
    ]
    assert (outcome.step, outcome.outcome, outcome.count) == (0, "done", 3)
    shown = await shop.shown(journey_id)
    assert (shown.numbers.returned_7d, shown.numbers.returned_share) == (1, 0.3333)
    named = kinds.Sentence(zh="发放积分抵现「500 积分抵 50 元」", en="give the offer “500 points for ¥50.00”")
    assert shown.steps[0].sentence == named


async def test_the_queue_does_the_work(shop: Shop) -> None:
    from shuke.doors import wiring

    ids = await shop.people(2)
    await shop.journey(GIVE)
    await shop.refresh(ids)
    queue = jobs.Jobs(shop.database)
    jobs.register(queue, wiring.WORKS)
    await queue.open()
    try:
        await jobs.hand_out(shop.database, queue, ["journeys"], clock.now())
        await queue.drain()
    finally:
        await queue.close()
    assert len(await shop.effects()) == 2
