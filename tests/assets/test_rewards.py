"""Rewards: each kind gives once per key, says what it is in both languages, and fails alone."""

from datetime import timedelta
from typing import Any

import pytest

from shuke.assets import offers, points, rewards
from shuke.assets.rewards import actions
from shuke.ground import members
from shuke.kit import clock, errors, kinds
from shuke.kit.db import Database, Tx
from tests.statements import counted

WHY = {"zh": "签到", "en": "Check-in"}


async def _people(tx: Tx, count: int) -> list[int]:
    return await members.ensure_members(tx, [{"phone": f"138{n:08}"} for n in range(count)], clock.now())


def _gift(member_id: int, kind: str, key: str, **params: Any) -> rewards.Gift:
    reward = rewards.Reward(kind=kind, params=params)
    return rewards.Gift(member_id=member_id, reward=reward, key=key, why=WHY, at=clock.now())


async def test_a_mixed_gift_is_given_once_and_repeats_answer_the_same(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        anna, bei = await _people(tx, 2)
        await offers.create_offer(
            tx, "500-as-50", offers.Terms(name="500 积分抵 50 元", points=500, value_fen=5000), clock.now()
        )
        gifts = [
            _gift(anna, "points", "a:points", points=50), _gift(anna, "offer", "a:offer", offer="500-as-50"),
            _gift(bei, "make_up_card", "b:card", cards=2), _gift(bei, "offer", "b:offer", offer="gone"),
        ]  # fmt: skip
        first = await rewards.give(tx, gifts)
    assert [one.state for one in first] == ["given", "given", "given", "refused"]
    assert first[3].detail["code"] == "not_found" and "gone" in first[3].detail["message"]
    async with database.write(merchant_id) as tx:
        again = await rewards.give(tx, gifts)
        assert [one.state for one in again] == ["repeated", "repeated", "repeated", "refused"]
        assert (await points.balance(tx, anna, clock.now())).available == 50
        cards = await points.balances(tx, [anna, bei], clock.now(), rewards.CARDS)
        assert (cards[anna].available, cards[bei].available) == (0, 2)
        assert (await points.balance(tx, bei, clock.now())).available == 0
        assert len(await offers.of_member(tx, anna, clock.now())) == 1


async def test_points_run_out_when_the_reward_says(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        [anna] = await _people(tx, 1)
        await rewards.give(tx, [_gift(anna, "points", "k", points=50, valid_for="3D")])
    async with database.read(merchant_id) as tx:
        at = clock.now()
        assert (await points.balance(tx, anna, at + timedelta(days=2))).available == 50
        assert (await points.balance(tx, anna, at + timedelta(days=4))).available == 0
        entry = (await points.entries_of(tx, anna)).items[0]
        assert (entry.type, entry.points, entry.why.zh) == ("bonus", 50, "签到")


async def test_the_number_of_statements_does_not_depend_on_the_members(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        people = await _people(tx, 60)
    seen = []
    for part in (people[:2], people[2:]):
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            await rewards.give(tx, [_gift(one, "points", f"k:{one}", points=5) for one in part])
            seen.append(counting.count)
    assert seen[0] == seen[1]


async def test_what_could_not_be_given_is_refused_when_promised(database: Database, merchant_id: int) -> None:
    bad: list[tuple[str, dict[str, Any], type[errors.Refused]]] = [
        ("rose", {}, kinds.UnknownKind), ("points", {"points": 0}, kinds.BadParameters),
        ("points", {"points": 5, "valid_for": "soon"}, errors.Refused), ("offer", {"offer": "gone"}, errors.NotFound),
    ]  # fmt: skip
    async with database.read(merchant_id) as tx:
        for kind, params, refusal in bad:
            with pytest.raises(refusal):
                await rewards.check(tx, [rewards.Reward(kind=kind, params=params)])


def test_rewards_are_told_in_both_languages() -> None:
    both = [
        rewards.Reward(kind="points", params={"points": 50}), rewards.Reward(kind="make_up_card", params={}),
    ]  # fmt: skip
    told = rewards.sentence(both)
    assert told.zh == "50 积分、1 张补签卡"
    assert told.en == "50 points, 1 make-up card"


async def test_what_was_given_is_taken_back_once(database: Database, merchant_id: int) -> None:
    """Points from their own lot and the rest as debt, cards likewise; an offer ends, unless it paid for an order."""
    async with database.write(merchant_id) as tx:
        anna, bei = await _people(tx, 2)
        await offers.create_offer(
            tx, "500-as-50", offers.Terms(name="500 积分抵 50 元", points=500, value_fen=5000), clock.now()
        )
        gifts = [
            _gift(anna, "points", "a:points", points=50), _gift(anna, "offer", "a:offer", offer="500-as-50"),
            _gift(bei, "make_up_card", "b:card", cards=2), _gift(bei, "offer", "b:offer", offer="500-as-50"),
        ]  # fmt: skip
        await rewards.give(tx, gifts)
        grant = (await offers.of_member(tx, bei, clock.now()))[0].grant_id
        await offers.use(tx, [offers.Use(grant_id=grant, order_id=7, at=clock.now())])
        spent = points.Posting(member_id=anna, points=-30, type="redeem", key="s", why=WHY, occurred_at=clock.now())
        await points.post(tx, [spent])
    never = _gift(anna, "points", "never", points=5)
    for states in (["taken", "taken", "taken", "kept", "absent"], ["repeated", "taken", "repeated", "kept", "absent"]):
        async with database.write(merchant_id) as tx:
            taken = await rewards.take_back(tx, [*gifts, never])
            assert [one.state for one in taken] == states
            held = await points.balance(tx, anna, clock.now())
            assert (held.available, held.debt) == (0, 30)
            assert (await points.balance(tx, bei, clock.now(), rewards.CARDS)).available == 0


async def test_growth_and_chances_lie_in_wallets_of_their_own(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        [anna] = await _people(tx, 1)
        gifts = [_gift(anna, "growth", "g", growth=20), _gift(anna, "lottery_chance", "l", chances=3)]
        for state in ("given", "repeated"):
            assert [one.state for one in await rewards.give(tx, gifts)] == [state, state]
        assert [rewards.sentence([one.reward]).zh for one in gifts] == ["20 点成长值", "3 次抽奖机会"]
        for wallet, held in (("growth", 20), ("lottery_chances", 3), ("points", 0)):
            assert (await points.balances(tx, [anna], clock.now(), wallet))[anna].available == held
        assert [one.state for one in await rewards.take_back(tx, gifts)] == ["taken", "taken"]
        assert (await points.balances(tx, [anna], clock.now(), "growth"))[anna].available == 0


def _draw(**more: Any) -> dict[str, Any]:
    return {
        "draw": "情人节签到",
        "prizes": [
            {"name": "玫瑰一支", "odds": 9_000, "stock": 3},
            {"name": "50 积分", "odds": 1_000, "reward": {"kind": "points", "params": {"points": 50}}},
        ],
    } | more


async def test_a_draw_gives_no_more_than_there_is_and_decides_once(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        people = await _people(tx, 40)
        await rewards.check(tx, [rewards.Reward(kind="draw", params=_draw())])
    first: list[str] = []
    for part in (people[:25], people[25:], people):
        gifts = [_gift(one, "draw", f"d:{one}", **_draw()) for one in part]
        async with database.write(merchant_id) as tx:
            given = await rewards.give(tx, gifts)
        if part is people:
            assert {one.state for one in given} == {"repeated"}
            assert [one.detail["prize"] for one in given] == first
        else:
            first += [one.detail["prize"] for one in given]
    assert first.count("玫瑰一支") == 3  # nine of ten would have won one
    async with database.write(merchant_id) as tx:
        held = await points.balances(tx, people, clock.now())
        assert sum(one.available for one in held.values()) == 37 * 50
        winner = people[first.index("玫瑰一支")]
        [won] = await rewards.won_by(tx, winner)
        assert (won.prize, won.state) == ("玫瑰一支", "waiting")
        await rewards.collect(tx, winner, won.key, clock.now(), "小美")
        with pytest.raises(rewards.NothingToCollect):
            await rewards.collect(tx, winner, won.key, clock.now(), "小美")
        lucky = next(one for one, prize in zip(people, first, strict=True) if prize == "50 积分")
        back = [_gift(lucky, "draw", f"d:{lucky}", **_draw()), _gift(winner, "draw", f"d:{winner}", **_draw())]
        assert [one.state for one in await rewards.take_back(tx, back)] == ["taken", "kept"]
        assert (await points.balance(tx, lucky, clock.now())).available == 0


async def test_a_prize_taken_back_is_there_for_the_next_draw(database: Database, merchant_id: int) -> None:
    """Points and goods that wait come back, once; what was handed over is gone."""
    only = {"prizes": [
        {"name": "玫瑰一支", "odds": 10_000, "stock": 2},
        {"name": "10 积分", "odds": 0, "reward": {"kind": "points", "params": {"points": 10}}},
    ]}  # fmt: skip
    rich = {"draw": "双11", "prizes": [
        {"name": "888 积分", "odds": 10_000, "stock": 1, "reward": {"kind": "points", "params": {"points": 888}}},
        only["prizes"][1],
    ]}  # fmt: skip
    async with database.write(merchant_id) as tx:
        anna, bei, chen = await _people(tx, 3)
        roses = [_gift(one, "draw", f"rose:{one}", **_draw(**only)) for one in (anna, bei)]
        much = _gift(chen, "draw", "much", **rich)
        await rewards.give(tx, [*roses, much])
        await rewards.collect(tx, bei, roses[1].key, clock.now(), "小美")
        gone = {("情人节签到", "玫瑰一支"): 2, ("双11", "888 积分"): 1}
        assert await rewards.gone(tx, ["情人节签到", "双11"]) == gone
    for states in (["taken", "kept", "taken"], ["repeated", "kept", "repeated"]):
        async with database.write(merchant_id) as tx:
            assert [one.state for one in await rewards.take_back(tx, [*roses, much])] == states
            left = await rewards.gone(tx, ["情人节签到", "双11"])
            assert left == {("情人节签到", "玫瑰一支"): 1, ("双11", "888 积分"): 0}
    async with database.write(merchant_id) as tx:
        assert [(await rewards.won_by(tx, one))[0].state for one in (anna, bei, chen)] == [
            "taken",
            "collected",
            "taken",
        ]
        with pytest.raises(rewards.NothingToCollect):
            await rewards.collect(tx, anna, roses[0].key, clock.now(), "小美")
        given = await rewards.give(tx, [_gift(anna, "draw", "next", **_draw(**only)), roses[0]])
        assert [(one.state, one.detail["prize"]) for one in given] == [("given", "玫瑰一支"), ("repeated", "玫瑰一支")]
        assert (await rewards.gone(tx, ["情人节签到"]))["情人节签到", "玫瑰一支"] == 2


async def test_prizes_follow_a_merge_and_its_undoing(database: Database, merchant_id: int) -> None:
    """What was won before goes back to who won it; what the heir won in between stays theirs."""
    sure = {"prizes": [{"name": "玫瑰一支", "odds": 10_000}]}
    async with database.write(merchant_id) as tx:
        anna, bei = await _people(tx, 2)
        await rewards.give(tx, [_gift(anna, "draw", "d:anna", **_draw(**sure))])
        merge_id = await members.merge(tx, anna, bei, by="小美", at=clock.now())
    merge = [(merge_id, anna, bei)]
    async with database.write(merchant_id) as tx:
        await actions.merge_prizes(tx, merge)
        await rewards.give(tx, [_gift(bei, "draw", "d:between", **_draw(**sure))])
        assert len(await rewards.won_by(tx, bei)) == 2
        for _ in range(2):  # heard twice
            await actions.part_prizes(tx, merge)
        kept = {who: [one.key for one in await rewards.won_by(tx, who)] for who in (anna, bei)}
    assert kept == {anna: ["d:anna"], bei: ["d:between"]}


@pytest.mark.parametrize(
    "prizes",
    [
        [{"name": "玫瑰", "odds": 9_999}],
        [{"name": "玫瑰", "odds": 10_000, "stock": 1}],
        [{"name": "玫瑰", "odds": 5_000}, {"name": "玫瑰", "odds": 5_000}],
        [{"name": "再抽一次", "odds": 10_000, "reward": {"kind": "draw", "params": _draw()}}],
    ],
)
async def test_a_draw_whose_odds_do_not_add_up_is_refused(
    database: Database, merchant_id: int, prizes: list[dict[str, Any]]
) -> None:
    async with database.read(merchant_id) as tx:
        with pytest.raises(rewards.BadDraw):
            await rewards.check(tx, [rewards.Reward(kind="draw", params=_draw(prizes=prizes))])


async def test_a_check_in_prize_that_could_not_be_given_counts_against_no_stock(
    database: Database, merchant_id: int
) -> None:
    terms = offers.Terms(name="500 积分抵 50 元", points=500, value_fen=5_000)
    async with database.write(merchant_id) as tx:
        anna, bei, chen = await _people(tx, 3)
        made = await offers.create_offer(tx, "500-as-50", terms, clock.now())
        await offers.edit_offer(tx, made.offer_id, terms, "ended")
    prize = {
        "name": "积分抵现",
        "odds": 10_000,
        "stock": 2,
        "reward": {"kind": "offer", "params": {"offer": "500-as-50"}},
    }
    ten = {"name": "10 积分", "odds": 0, "reward": {"kind": "points", "params": {"points": 10}}}
    draw = {"draw": "签到抽奖", "prizes": [prize, ten]}
    for _ in range(2):  # the second time is a repeat
        async with database.write(merchant_id) as tx:
            given = await rewards.give(tx, [_gift(one, "draw", f"d:{one}", **draw) for one in (anna, bei, chen)])
            gone = await rewards.gone(tx, ["签到抽奖"])
        assert gone == {("签到抽奖", "积分抵现"): 0}
    assert [one.state for one in given][:2] == ["repeated", "repeated"]
    async with database.write(merchant_id) as tx:
        await offers.edit_offer(tx, made.offer_id, terms, "live")
        again = await rewards.give(tx, [_gift(one, "draw", f"e:{one}", **draw) for one in (anna, bei, chen)])
        assert await rewards.gone(tx, ["签到抽奖"]) == {("签到抽奖", "积分抵现"): 2}
    assert [one.detail["prize"] for one in again] == ["积分抵现", "积分抵现", "10 积分"]
