"""Lotteries: a chance buys one prize, once for every key; stocks are exact, and what cannot be given returns the chance."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from shuke.assets import audit, lotteries, offers, points, rewards
from shuke.ground import access, members
from shuke.kit import clock, errors
from shuke.kit.db import Database

AT = datetime.fromisoformat("2026-11-21T10:00:00+08:00")
HOUR = timedelta(hours=1)
ROSE = {"name": "玫瑰精华正装", "odds": 6_000, "stock": 20}
TEN = {"name": "10 积分", "odds": 4_000, "reward": {"kind": "points", "params": {"points": 10}}}
CHANCES = "lottery_chances"


async def _lottery(database: Database, merchant_id: int, *prizes: dict[str, Any], **more: Any) -> int:
    draft = lotteries.LotteryDraft(name="双11 大抽奖", prizes=list(prizes or (ROSE, TEN)), **more)
    async with database.write(merchant_id) as tx:
        return await lotteries.save(tx, draft, AT)


async def _people(database: Database, merchant_id: int, count: int, chances: int = 1) -> list[int]:
    async with database.write(merchant_id) as tx:
        people = await members.ensure_members(tx, [{"phone": f"138{n:08}"} for n in range(count)], AT)
        reward = rewards.Reward(kind="lottery_chance", params={"chances": chances})
        why = {"zh": "签到", "en": "Check-in"}
        await rewards.give(
            tx, [rewards.Gift(member_id=one, reward=reward, key=f"c:{one}", why=why, at=AT) for one in people]
        )
    return people


async def _turn(database: Database, merchant_id: int, lottery: int, member: int, key: str, at: datetime = AT) -> Any:
    with clock.at(at):
        return await database.attempt(merchant_id, lotteries.turn, lottery, member, key, at)


async def _chances(database: Database, merchant_id: int, member: int) -> int:
    async with database.read(merchant_id) as tx:
        return (await points.balance(tx, member, AT, CHANCES)).available


async def _shown(database: Database, merchant_id: int) -> lotteries.LotteryShape:
    async with database.read(merchant_id) as tx:
        (shown,) = await lotteries.lotteries(tx, AT)
    return shown


async def test_a_chance_buys_one_prize_and_a_repeat_gets_the_same(database: Database, merchant_id: int) -> None:
    lottery = await _lottery(database, merchant_id, TEN | {"odds": 10_000})
    (anna,) = await _people(database, merchant_id, 1, chances=2)
    first = await _turn(database, merchant_id, lottery, anna, "1")
    assert (first.state, first.prize, first.prize_state) == ("won", "10 积分", "booked")
    again = await _turn(database, merchant_id, lottery, anna, "1", AT + HOUR)
    assert (again.state, again.prize) == ("repeated", "10 积分")
    assert await _chances(database, merchant_id, anna) == 1
    async with database.read(merchant_id) as tx:
        assert (await points.balance(tx, anna, AT)).available == 10
        spent = (await points.entries_of(tx, anna, wallet=CHANCES)).items[0]
        assert (spent.points, spent.why.zh) == (-1, "抽奖「双11 大抽奖」")
        assert [one.prize for one in await rewards.won_by(tx, anna)] == ["10 积分"]
    assert (await audit.audit(database, merchant_id, AT))["found"] == []


async def test_fifty_repeats_at_once_are_one_turn(database: Database, merchant_id: int) -> None:
    lottery = await _lottery(database, merchant_id)
    (anna,) = await _people(database, merchant_id, 1, chances=5)
    turns = await asyncio.gather(*(_turn(database, merchant_id, lottery, anna, "same") for _ in range(50)))
    assert Counter(one.state for one in turns) == {"won": 1, "repeated": 49}
    assert len({one.prize for one in turns}) == 1
    assert await _chances(database, merchant_id, anna) == 4


async def test_two_hundred_turns_at_once_never_oversell(database: Database, merchant_id: int) -> None:
    lottery = await _lottery(database, merchant_id)
    people = await _people(database, merchant_id, 100, chances=2)
    turns = await asyncio.gather(
        *(_turn(database, merchant_id, lottery, one, f"{one}:{n}") for one in people for n in range(2))
    )
    won = Counter(one.prize for one in turns)
    assert won["玫瑰精华正装"] == 20  # 60 % of 200 would be 120: the stock is used up to the last and not once more
    assert won["10 积分"] == 180
    shown = await _shown(database, merchant_id)
    assert (shown.turns, [one.left for one in shown.prizes]) == (200, [0, None])
    async with database.read(merchant_id) as tx:
        held = await points.balances(tx, people, AT, CHANCES)
        given = await points.balances(tx, people, AT)
    assert {one.available for one in held.values()} == {0}
    assert sum(one.available for one in given.values()) == 1_800
    assert (await audit.audit(database, merchant_id, AT))["found"] == []


async def test_without_a_chance_or_outside_its_period_nothing_moves(database: Database, merchant_id: int) -> None:
    lottery = await _lottery(database, merchant_id, starts_at=AT, ends_at=AT + HOUR)
    (anna,) = await _people(database, merchant_id, 1)
    for at in (AT - timedelta(seconds=1), AT + HOUR):
        with pytest.raises(lotteries.LotteryClosed):
            await _turn(database, merchant_id, lottery, anna, "x", at)
    await _turn(database, merchant_id, lottery, anna, "x")
    assert (await _turn(database, merchant_id, lottery, anna, "x", AT + HOUR)).state == "repeated"
    with pytest.raises(lotteries.NoChanceLeft):
        await _turn(database, merchant_id, lottery, anna, "y")
    with pytest.raises(lotteries.NoSuchLottery):
        await _turn(database, merchant_id, 1, anna, "z")
    assert (await _shown(database, merchant_id)).turns == 1


async def test_what_cannot_be_given_returns_the_chance_to_its_lot(database: Database, merchant_id: int) -> None:
    prize = {"name": "积分抵现", "odds": 10_000, "reward": {"kind": "offer", "params": {"offer": "500-50"}}}
    async with database.write(merchant_id) as tx:
        terms = offers.Terms(name="500 积分抵 50 元", points=500, value_fen=5_000)
        made = await offers.create_offer(tx, "500-50", terms, AT)
    lottery = await _lottery(database, merchant_id, prize)
    (anna,) = await _people(database, merchant_id, 1)
    async with database.read(merchant_id) as tx:
        (lot,) = await points.lots_of(tx, anna, CHANCES)
    async with database.write(merchant_id) as tx:
        await offers.edit_offer(tx, made.offer_id, terms, "ended")
    turned = await _turn(database, merchant_id, lottery, anna, "1")
    assert (turned.state, turned.prize_state) == ("returned", "lost")
    async with database.read(merchant_id) as tx:
        (back,) = await points.lots_of(tx, anna, CHANCES)
        latest = (await points.entries_of(tx, anna, wallet=CHANCES)).items[0]
    assert (back.lot_id, back.remaining, back.expires_at) == (lot.lot_id, 1, lot.expires_at)
    assert latest.why.zh == "抽奖「双11 大抽奖」抽中的「积分抵现」发不出去，抽奖机会退回"
    assert (await _turn(database, merchant_id, lottery, anna, "1")).state == "repeated"
    assert await _chances(database, merchant_id, anna) == 1
    assert (await audit.audit(database, merchant_id, AT))["found"] == []


async def test_a_prize_that_could_not_be_given_is_still_there_for_the_next(
    database: Database, merchant_id: int
) -> None:
    terms = offers.Terms(name="500 积分抵 50 元", points=500, value_fen=5_000)
    async with database.write(merchant_id) as tx:
        made = await offers.create_offer(tx, "500-50", terms, AT)
    one = {"name": "积分抵现", "odds": 10_000, "stock": 1, "reward": {"kind": "offer", "params": {"offer": "500-50"}}}
    lottery = await _lottery(database, merchant_id, one, TEN | {"odds": 0})
    anna, bei, chen = await _people(database, merchant_id, 3)

    async def left() -> int | None:
        return (await _shown(database, merchant_id)).prizes[0].left

    async with database.write(merchant_id) as tx:
        await offers.edit_offer(tx, made.offer_id, terms, "ended")
    turned = await _turn(database, merchant_id, lottery, anna, "1")
    assert (turned.state, turned.prize_state, await left()) == ("returned", "lost", 1)
    assert (await _turn(database, merchant_id, lottery, anna, "1")).state == "repeated"
    assert await left() == 1
    async with database.write(merchant_id) as tx:
        await offers.edit_offer(tx, made.offer_id, terms, "live")
    won = await _turn(database, merchant_id, lottery, bei, "2")
    assert (won.state, won.prize, await left()) == ("won", "积分抵现", 0)
    assert (await _turn(database, merchant_id, lottery, chen, "3")).prize == "10 积分"


async def test_a_chance_may_itself_be_won(database: Database, merchant_id: int) -> None:
    more = {"name": "再来一次", "odds": 10_000, "reward": {"kind": "lottery_chance", "params": {"chances": 1}}}
    lottery = await _lottery(database, merchant_id, more)
    (anna,) = await _people(database, merchant_id, 1)
    for n in range(3):
        assert (await _turn(database, merchant_id, lottery, anna, str(n))).state == "won"
        assert await _chances(database, merchant_id, anna) == 1
    assert (await audit.audit(database, merchant_id, AT))["found"] == []


@pytest.mark.parametrize(
    ("prizes", "code"),
    [([ROSE], "bad_draw"), ([TEN], "bad_draw"), ([TEN | {"odds": 10_000, "stock": 5}], "bad_draw")],
)
async def test_odds_add_up_and_one_prize_has_no_limit(
    database: Database, merchant_id: int, prizes: list[dict[str, Any]], code: str
) -> None:
    with pytest.raises(errors.Refused) as refused:
        await _lottery(database, merchant_id, *prizes)
    assert refused.value.code == code


async def test_the_member_side_and_the_console(
    database: Database, merchant_id: int, client: httpx.AsyncClient, owner: httpx.AsyncClient
) -> None:
    (anna,) = await _people(database, merchant_id, 1, chances=2)
    body = {"name": "双11 大抽奖", "prizes": [ROSE, TEN]}
    made = await owner.post("/console/api/lotteries", json=body)
    assert (made.status_code, made.json()["stage"]) == (201, "open")
    number = made.json()["lottery_id"]
    assert (await owner.post("/console/api/lotteries", json=body)).json()["code"] == "lottery_name_taken"
    changed = await owner.post(f"/console/api/lotteries/{number}", json=body | {"prizes": [TEN | {"odds": 10_000}]})
    assert [one["odds"] for one in changed.json()["prizes"]] == [10_000]
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "小程序", ["member"], clock.now())
    client.headers["Authorization"] = f"Bearer {secret}"
    (listed,) = (await client.get("/v1/lotteries")).json()["items"]
    assert (listed["name"], listed["prizes"][0]["odds"]) == ("双11 大抽奖", 10_000)
    wish = {"member": {"phone": "13800000000"}, "key": "wx-1"}
    for state in ("won", "repeated"):
        answer = (await client.post(f"/v1/lotteries/{number}/turns", json=wish)).json()
        assert (answer["state"], answer["member_id"], answer["chances_left"]) == (state, anna, 1)
    stranger = {"member": {"phone": "13999999999"}, "key": "wx-1"}
    assert (await client.post(f"/v1/lotteries/{number}/turns", json=stranger)).json()["code"] == "turn_of_another"
    mine = (await owner.get(f"/console/api/members/{anna}/lotteries")).json()
    assert (mine["chances"], len(mine["items"])) == (1, 1)
    turned = await owner.post(f"/console/api/members/{anna}/lotteries/{number}/turns", json={"key": "k"})
    assert (turned.status_code, turned.json()["state"]) == (200, "won")
    empty = await owner.post(f"/console/api/members/{anna}/lotteries/{number}/turns", json={"key": "k2"})
    assert (empty.json()["code"], empty.json()["details"]) == ("no_chance_left", {"wanted": 1, "available": 0})
    assert len((await owner.get(f"/console/api/members/{anna}/prizes")).json()["items"]) == 2
    async with database.write(merchant_id) as tx:
        rose = rewards.Reward(
            kind="draw", params={"draw": "签到", "prizes": [ROSE | {"odds": 10_000}, TEN | {"odds": 0}]}
        )
        await rewards.give(tx, [rewards.Gift(member_id=anna, reward=rose, key="rose", why={}, at=AT)])
    done = await owner.post(f"/console/api/members/{anna}/prizes/collect", json={"key": "rose"})
    assert done.status_code == 200
    (latest, *_) = (await owner.get("/console/api/audit-trail")).json()["items"]
    assert latest["sentence"]["zh"].endswith(f"给会员 {anna} 发放了奖品「玫瑰精华正装」")
    ended = await owner.post(f"/console/api/lotteries/{number}/end")
    assert (ended.json()["stage"], ended.json()["turns"]) == ("ended", 2)
