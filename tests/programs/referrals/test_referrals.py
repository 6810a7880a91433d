"""Referrals: who may bring whom, when both sides are rewarded, and what a refund undoes."""

from datetime import timedelta
from typing import Any

import pytest

from shuke.assets import rewards
from shuke.ground import ingestion, members
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import intake, referrals
from tests.programs.referrals.people import (
    DAY,
    NOON,
    buy,
    code_of,
    gift,
    give_back,
    hear,
    held,
    joined,
    open_plan,
    refer,
    run,
    sentences,
    state_of,
)  # fmt: skip
from tests.statements import counted

WEEK = 7 * DAY


@pytest.fixture
async def three(database: Database, merchant_id: int) -> list[int]:
    """王芳, 李静 and 赵敏; 王芳 has been a member for long."""
    await open_plan(database, merchant_id)
    return [*await joined(database, merchant_id, 1, at=NOON - 60 * DAY), *await joined(database, merchant_id, 2, 3)]


async def test_both_are_rewarded_when_the_window_has_passed(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    wang, li, _ = three
    assert (await refer(database, merchant_id, li, wang)).state == "noted"
    await buy(database, merchant_id, 2, "o1", at=NOON + DAY)
    found = await state_of(database, merchant_id, li)
    assert (found.state, found.due_at) == ("ordered", NOON + DAY + WEEK)
    following = await run(database, merchant_id, NOON + 7 * DAY)
    assert following == NOON + DAY + WEEK, "it wants to come back when the window passes, and not before"
    assert (await held(database, merchant_id, wang), await held(database, merchant_id, li)) == (0, 0)
    for _ in range(2):  # the second time changes nothing
        assert await run(database, merchant_id, NOON + DAY + WEEK) is None
        assert (await held(database, merchant_id, wang), await held(database, merchant_id, li)) == (200, 200)
    assert (await state_of(database, merchant_id, li)).state == "rewarded"
    assert f"推荐好友（会员 {li}）首单" in await sentences(database, merchant_id, wang)
    assert f"受会员 {wang} 推荐加入，首单礼" in await sentences(database, merchant_id, li)


async def test_a_refund_within_the_window_waits_for_the_next_order(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    wang, li, _ = three
    await refer(database, merchant_id, li, wang)
    await buy(database, merchant_id, 2, "o1", at=NOON + DAY)
    await give_back(database, merchant_id, "o1", "r1", NOON + 2 * DAY)
    assert (await state_of(database, merchant_id, li)).state == "waiting"
    await run(database, merchant_id, NOON + 30 * DAY)
    assert await held(database, merchant_id, wang) == 0
    await buy(database, merchant_id, 2, "o2", at=NOON + 30 * DAY)
    await give_back(database, merchant_id, "o2", "r2", NOON + 38 * DAY)  # after the window: nothing to do with this
    await run(database, merchant_id, NOON + 40 * DAY)
    assert (await held(database, merchant_id, wang), await held(database, merchant_id, li)) == (200, 200)


async def test_a_refund_in_time_that_is_told_late_takes_the_rewards_back_once(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    wang, li, _ = three
    await refer(database, merchant_id, li, wang)
    await buy(database, merchant_id, 2, "o1", at=NOON + DAY)
    await run(database, merchant_id, NOON + 9 * DAY)
    assert await held(database, merchant_id, wang) == 200
    await give_back(database, merchant_id, "o1", "r1", NOON + 3 * DAY)
    assert (await held(database, merchant_id, wang), await held(database, merchant_id, li)) == (0, 0)
    assert (await state_of(database, merchant_id, li)).state == "taken_back"
    assert f"收回推荐礼（会员 {li}）：首单退款" in await sentences(database, merchant_id, wang)
    await buy(database, merchant_id, 2, "o2", at=NOON + 10 * DAY)
    await run(database, merchant_id, NOON + 40 * DAY)
    assert await held(database, merchant_id, wang) == 0, "what was taken back is not earned again"


async def test_at_once_gives_with_the_order_and_a_refund_takes_it_back(database: Database, merchant_id: int) -> None:
    await open_plan(database, merchant_id, gives="at_once", least_fen=5_000)
    wang, li = await joined(database, merchant_id, 1, 2)
    await refer(database, merchant_id, li, wang)
    await buy(database, merchant_id, 2, "small", fen=4_999, at=NOON + DAY)
    await run(database, merchant_id, NOON + DAY)
    assert await held(database, merchant_id, li) == 0, "an order below the least does not count"
    await buy(database, merchant_id, 2, "o1", at=NOON + 2 * DAY)
    await run(database, merchant_id, NOON + 2 * DAY)
    assert await held(database, merchant_id, li) == 200
    await give_back(database, merchant_id, "o1", "r1", NOON + 3 * DAY, fen=5_000)
    assert await held(database, merchant_id, li) == 200, "what is left of the order is enough"
    await give_back(database, merchant_id, "o1", "r2", NOON + 4 * DAY, fen=1)
    assert (await held(database, merchant_id, wang), await held(database, merchant_id, li)) == (0, 0)


async def _refused(database: Database, merchant_id: int, friend: int, referrer: int, **more: Any) -> str:
    verdict = await refer(database, merchant_id, friend, referrer, **more)
    assert verdict.state == "refused" and verdict.refusal is not None
    return str(verdict.refusal.facts["why"])


async def test_oneself_rings_second_referrers_and_old_members_are_refused(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    wang, li, zhao = three
    assert await _refused(database, merchant_id, li, li) == "self"
    await refer(database, merchant_id, zhao, li)
    assert await _refused(database, merchant_id, li, zhao) == "ring"
    assert (await refer(database, merchant_id, zhao, li)).state == "already"
    assert await _refused(database, merchant_id, zhao, wang) == "referred_before"
    assert await _refused(database, merchant_id, wang, zhao) == "not_new"
    await buy(database, merchant_id, 2, "o1", at=NOON - timedelta(hours=1))
    assert await _refused(database, merchant_id, li, wang) == "bought_before"


async def test_a_purchase_from_before_that_is_told_later_undoes_the_referral(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    """Events in another order: the till was without a network when the friend bought first."""
    wang, li, _ = three
    await refer(database, merchant_id, li, wang)
    await buy(database, merchant_id, 2, "o1", at=NOON + DAY)
    await buy(database, merchant_id, 2, "o0", at=NOON - DAY)
    found = await state_of(database, merchant_id, li)
    assert (found.state, found.reason) == ("void", "bought_before")
    await run(database, merchant_id, NOON + 30 * DAY)
    assert await held(database, merchant_id, wang) == 0


async def test_an_order_that_came_before_the_referral_was_told_counts(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    wang, li, _ = three
    await buy(database, merchant_id, 2, "o1", at=NOON + DAY)
    verdict = await refer(database, merchant_id, li, wang, at=NOON)
    assert verdict.relation is not None and verdict.relation.state == "ordered"


async def test_a_link_opened_on_a_device_counts_within_the_window(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    wang, li, zhao = three
    code = await code_of(database, merchant_id, wang)
    async with database.write(merchant_id) as tx:
        await referrals.touch(tx, [referrals.Touch(code=code.lower(), device="phone-a", at=NOON - 29 * DAY)])
        await referrals.touch(tx, [referrals.Touch(code=code, device="phone-b", at=NOON - 31 * DAY)])
        asked = [
            referrals.Asked(friend_id=li, occurred_at=NOON, device="phone-a"),
            referrals.Asked(friend_id=zhao, occurred_at=NOON, device="phone-b"),
        ]
        noted, late = await referrals.attribute(tx, asked, NOON)
    assert noted.relation is not None and (noted.relation.referrer_id, noted.relation.how) == (wang, "device")
    assert late.refusal is not None and late.refusal.facts["why"] == "nobody"


async def test_a_shared_device_waits_for_a_person(database: Database, merchant_id: int, three: list[int]) -> None:
    wang, li, zhao = three
    await refer(database, merchant_id, li, wang, device="phone-a")
    verdict = await refer(database, merchant_id, zhao, li, device="phone-a")
    assert verdict.relation is not None
    assert (verdict.relation.review, verdict.relation.flags) == ("waiting", ["referrers_device"])
    await buy(database, merchant_id, 3, "o1", at=NOON + DAY)
    await run(database, merchant_id, NOON + 30 * DAY)
    assert await held(database, merchant_id, zhao) == 0, "nothing is paid while it waits"
    decision = referrals.Decision(referral_id=verdict.relation.referral_id, accept=True)
    for expected in (1, 0):  # decided once
        async with database.write(merchant_id) as tx:
            assert await referrals.decide(tx, [decision], "小美", NOON + 31 * DAY) == expected
    await run(database, merchant_id, NOON + 31 * DAY)
    assert await held(database, merchant_id, zhao) == 200


async def test_what_a_person_refuses_is_never_rewarded(database: Database, merchant_id: int, three: list[int]) -> None:
    wang, li, zhao = three
    await refer(database, merchant_id, li, wang, device="phone-a")
    verdict = await refer(database, merchant_id, zhao, wang, device="phone-a")
    assert verdict.relation is not None and verdict.relation.flags == ["shared_device"]
    number = verdict.relation.referral_id
    async with database.write(merchant_id) as tx:
        with pytest.raises(referrals.ReasonNeeded):
            await referrals.decide(tx, [referrals.Decision(referral_id=number, accept=False)], "小美", NOON)
        refusing = referrals.Decision(referral_id=number, accept=False, reason="同一台手机注册了两个号")
        assert await referrals.decide(tx, [refusing], "小美", NOON) == 1
    await buy(database, merchant_id, 3, "o1", at=NOON + DAY)
    await run(database, merchant_id, NOON + 30 * DAY)
    found = await state_of(database, merchant_id, zhao)
    assert (found.state, found.reason) == ("refused", "同一台手机注册了两个号")
    assert await held(database, merchant_id, zhao) == 0


async def test_a_plan_may_refuse_shared_devices_and_alarms_at_many_in_a_day(
    database: Database, merchant_id: int
) -> None:
    await open_plan(database, merchant_id, same_device="refuse", day_alarm=2)
    wang, *friends = await joined(database, merchant_id, *range(1, 6))
    await refer(database, merchant_id, friends[0], wang, device="phone-a")
    assert await _refused(database, merchant_id, friends[1], wang, device="phone-a") == "same_device"
    verdicts = [await refer(database, merchant_id, friend, wang) for friend in friends[1:]]
    assert [verdict.relation.flags for verdict in verdicts if verdict.relation] == [
        [], ["many_in_a_day"], ["many_in_a_day"],
    ]  # fmt: skip


async def test_caps_count_by_the_month_of_the_reward_and_the_friend_is_rewarded_all_the_same(
    database: Database, merchant_id: int
) -> None:
    await open_plan(database, merchant_id, month_cap=2, total_cap=3)
    wang, *friends = await joined(database, merchant_id, *range(1, 7))
    for place, friend in enumerate(friends):
        await refer(database, merchant_id, friend, wang)
        when = NOON + (DAY if place < 3 else 30 * DAY)
        await buy(database, merchant_id, place + 2, f"o{place}", at=when)
    await run(database, merchant_id, NOON + 10 * DAY)
    assert await held(database, merchant_id, wang) == 400, "two of three in November"
    await run(database, merchant_id, NOON + 40 * DAY)
    assert await held(database, merchant_id, wang) == 600, "one more in December, then three in all"
    assert [await held(database, merchant_id, friend) for friend in friends] == [200] * 5
    assert [(await state_of(database, merchant_id, friend)).capped for friend in friends] == [
        False, False, True, False, True,
    ]  # fmt: skip


async def test_a_new_plan_promises_nothing_to_those_who_came_before(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    wang, li, zhao = three
    await refer(database, merchant_id, li, wang)
    await open_plan(database, merchant_id, NOON + DAY, referrer_rewards=gift(50), friend_rewards=[], return_days=1)
    await refer(database, merchant_id, zhao, wang, at=NOON + 2 * DAY)
    await buy(database, merchant_id, 2, "o1", at=NOON + 3 * DAY)
    await buy(database, merchant_id, 3, "o2", at=NOON + 3 * DAY)
    await run(database, merchant_id, NOON + 4 * DAY)
    assert (await held(database, merchant_id, wang), await held(database, merchant_id, zhao)) == (50, 0)
    await run(database, merchant_id, NOON + 10 * DAY)
    assert (await held(database, merchant_id, wang), await held(database, merchant_id, li)) == (250, 200)


async def test_the_first_order_must_come_in_time(database: Database, merchant_id: int) -> None:
    await open_plan(database, merchant_id, order_days=10)
    wang, li = await joined(database, merchant_id, 1, 2)
    await refer(database, merchant_id, li, wang)
    await buy(database, merchant_id, 2, "o1", at=NOON + 11 * DAY)
    await run(database, merchant_id, NOON + 40 * DAY)
    assert (await state_of(database, merchant_id, li)).state == "waiting"


async def test_merged_members_keep_one_referrer_and_no_ring(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    """王芳 brings 李静, 李静 brings 赵敏; then 赵敏 turns out to be 王芳: what 李静 got for her is taken back."""
    wang, li, zhao = three
    await refer(database, merchant_id, li, wang)
    await refer(database, merchant_id, zhao, li)
    await buy(database, merchant_id, 2, "o1", at=NOON + DAY)
    await buy(database, merchant_id, 3, "o2", at=NOON + DAY)
    await run(database, merchant_id, NOON + 9 * DAY)
    assert await held(database, merchant_id, li) == 400
    async with database.write(merchant_id) as tx:
        await members.merge(tx, zhao, wang, by="小美", at=NOON + 10 * DAY)
    await hear(database, merchant_id, NOON + 10 * DAY)
    assert (await state_of(database, merchant_id, li)).referrer_id == wang
    mine = await state_of(database, merchant_id, wang)
    assert (mine.state, mine.reason, mine.referrer_id) == ("void", "merged", li)
    assert await held(database, merchant_id, li) == 200
    async with database.read(merchant_id) as tx:
        tree = await referrals.tree(tx, wang)
    assert ([one.member_id for one in tree.above], [one.member_id for one in tree.friends]) == ([], [li])


async def test_of_two_referrers_the_first_stays(database: Database, merchant_id: int, three: list[int]) -> None:
    wang, li, zhao = three
    [chen] = await joined(database, merchant_id, 4)
    await refer(database, merchant_id, li, wang)
    await refer(database, merchant_id, zhao, chen)
    async with database.write(merchant_id) as tx:
        await members.merge(tx, zhao, li, by="小美", at=NOON + DAY)
    for _ in range(2):  # heard twice
        async with database.write(merchant_id) as tx:
            await referrals.merge_relations(tx, zhao, li, NOON + DAY)
    async with database.read(merchant_id) as tx:
        found = await referrals.of_friends(tx, [li])
    assert [(one.referrer_id, one.state) for one in found] == [(wang, "waiting"), (chen, "void")]


async def test_an_offer_as_a_reward_that_is_gone_fails_alone(
    database: Database, merchant_id: int, three: list[int]
) -> None:
    wang, li, _ = three
    await refer(database, merchant_id, li, wang)
    offer = rewards.Reward(kind="offer", params={"offer": "gone"})
    async with database.write(merchant_id) as tx:
        await tx.run(
            "update referral_plan set plan = jsonb_set(plan, '{friend_rewards}', %(gift)s::jsonb) "
            "where merchant_id = %(merchant_id)s",
            gift=f'[{{"kind": "{offer.kind}", "params": {{"offer": "gone"}}}}]',
        )
    await buy(database, merchant_id, 2, "o1", at=NOON + DAY)
    await run(database, merchant_id, NOON + 9 * DAY)
    assert (await state_of(database, merchant_id, li)).state == "rewarded"
    assert (await held(database, merchant_id, wang), await held(database, merchant_id, li)) == (200, 0)


async def test_many_friends_take_as_many_statements_as_two(database: Database, merchant_id: int) -> None:
    await open_plan(database, merchant_id, day_alarm=None, month_cap=None)
    wang, *friends = await joined(database, merchant_id, *range(1, 64))
    code = await code_of(database, merchant_id, wang)
    counts = {}
    for size, part in ((2, friends[:2]), (60, friends[2:])):
        asked = [referrals.Asked(friend_id=friend, occurred_at=NOON, code=code, device=f"d{friend}") for friend in part]
        await tx_warm(database, merchant_id)
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            verdicts = await referrals.attribute(tx, asked, NOON)
            counts["attribute", size] = counting.count
        assert {verdict.state for verdict in verdicts} == {"noted"}
    assert abs(counts["attribute", 60] - counts["attribute", 2]) <= 2


async def test_paying_many_takes_as_many_statements_as_paying_two(database: Database, merchant_id: int) -> None:
    await open_plan(database, merchant_id, day_alarm=None, month_cap=None)
    wang, *friends = await joined(database, merchant_id, *range(1, 44))
    code = await code_of(database, merchant_id, wang)
    asked = [referrals.Asked(friend_id=friend, occurred_at=NOON, code=code) for friend in friends]
    await database.attempt(merchant_id, referrals.attribute, asked, NOON)
    counts = []
    for first, last, day in ((2, 4, 1), (4, 44, 20)):
        at = NOON + day * DAY
        bought: list[ingestion.Item] = [
            ingestion.OrderIn(order_id=f"o{n}", occurred_at=at, amount_fen=900, member={"phone": f"138{n:08}"})
            for n in range(first, last)
        ]
        with clock.at(at):
            await intake.apply(database, merchant_id, bought, history=True, at=at)
        await hear(database, merchant_id, at)
        await tx_warm(database, merchant_id)
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            assert await referrals.settle(tx, at + WEEK) == last - first
            counts.append(counting.count)
    assert abs(counts[0] - counts[1]) <= 2


async def tx_warm(database: Database, merchant_id: int) -> None:
    """Have ids in stock, so that fetching them does not count."""
    async with database.write(merchant_id) as tx:
        await tx.ids.ensure(1_000)
