"""Check-in through its door: once a day, exact days, make-up cards, late clocks, merges, many at once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from shuke.assets import points, rewards
from shuke.doors import wiring
from shuke.ground import access, ingestion, members, tenancy
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.programs import missions
from tests.statements import counted

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)  # 12:00 in Shanghai
ANNA = {"phone": "13800138000"}


async def _published(database: Database, merchant_id: int, plan: missions.Plan = missions.DEFAULT) -> int:
    async with database.write(merchant_id) as tx:
        await missions.publish(tx, plan, "live", "小美", NOON - timedelta(days=60))
        [anna] = await members.ensure_members(tx, [ANNA], NOON)
    return anna


async def _check(
    database: Database, merchant_id: int, member_id: int, at: datetime, now: datetime | None = None
) -> Any:
    asked = [missions.CheckIn(member_id=member_id, occurred_at=at)]
    [verdict] = await database.attempt(merchant_id, missions.check_in, asked, now or at)
    return verdict


async def _balance(database: Database, merchant_id: int, member_id: int, wallet: str = "points") -> int:
    async with database.read(merchant_id) as tx:
        return (await points.balances(tx, [member_id], NOON + timedelta(days=1), wallet))[member_id].available


async def test_seven_days_give_one_hundred_and_twenty(database: Database, merchant_id: int) -> None:
    anna = await _published(database, merchant_id)
    verdicts = [await _check(database, merchant_id, anna, NOON - timedelta(days=6 - day)) for day in range(7)]
    assert [(one.state, one.streak) for one in verdicts] == [("checked_in", day + 1) for day in range(7)]
    verdict = verdicts[-1]
    assert [one["words"]["zh"] for one in verdict.given] == ["10 积分", "50 积分"]
    assert await _balance(database, merchant_id, anna) == 120
    again = await _check(database, merchant_id, anna, NOON + timedelta(hours=3))
    assert (again.state, again.streak, again.given) == ("already", 7, [])
    assert await _balance(database, merchant_id, anna) == 120
    async with database.read(merchant_id) as tx:
        entries = (await points.entries_of(tx, anna)).items
    assert {entry.why.zh for entry in entries[:2]} == {"11月22日签到，连续满 7 天", "11月22日签到，连续第 7 天"}


async def test_two_hundred_parallel_check_ins_of_one_member_give_one(database: Database, merchant_id: int) -> None:
    anna = await _published(database, merchant_id)
    gate = asyncio.Semaphore(6)

    async def one() -> str:
        async with gate:
            return str((await _check(database, merchant_id, anna, NOON)).state)

    states = await asyncio.gather(*(one() for _ in range(200)))
    assert sorted(set(states)) == ["already", "checked_in"]
    assert states.count("checked_in") == 1
    assert await _balance(database, merchant_id, anna) == 10


async def test_the_day_is_the_merchants(database: Database, merchant_id: int) -> None:
    """23:59 and 00:01 in Shanghai are two days, though one day in UTC."""
    anna = await _published(database, merchant_id)
    before = datetime(2026, 11, 21, 15, 59, tzinfo=UTC)
    assert (await _check(database, merchant_id, anna, before)).day == date(2026, 11, 21)
    after = await _check(database, merchant_id, anna, before + timedelta(minutes=2))
    assert (after.state, after.day, after.streak) == ("checked_in", date(2026, 11, 22), 2)


async def test_changing_the_zone_opens_no_past_day(database: Database, merchant_id: int) -> None:
    anna = await _published(database, merchant_id)
    morning = datetime(2026, 11, 21, 23, tzinfo=UTC)  # 22 November in Shanghai
    assert (await _check(database, merchant_id, anna, morning)).day == date(2026, 11, 22)
    async with database.write(merchant_id) as tx:
        await tenancy.change_merchant(tx, zone="America/New_York")
    later = await _check(database, merchant_id, anna, morning + timedelta(hours=1))  # still the 21st in New York
    assert later.state == "refused" and later.refusal.code == "check_in_day_closed"
    assert await _balance(database, merchant_id, anna) == 10


async def test_a_late_check_in_counts_for_its_own_day(database: Database, merchant_id: int) -> None:
    anna = await _published(database, merchant_id)
    assert (await _check(database, merchant_id, anna, NOON)).streak == 1
    late = await _check(database, merchant_id, anna, NOON - timedelta(hours=20), now=NOON)
    assert (late.state, late.day, late.streak) == ("checked_in", date(2026, 11, 21), 1)
    assert (await _check(database, merchant_id, anna, NOON + timedelta(days=1))).streak == 3
    too_late = await _check(database, merchant_id, anna, NOON - timedelta(days=3), now=NOON)
    assert too_late.refusal.code == "check_in_too_late"
    ahead = await _check(database, merchant_id, anna, NOON + timedelta(days=3), now=NOON)
    assert ahead.refusal.code == "clock_ahead"


async def test_a_card_makes_a_missed_day_up_and_joins_the_runs(database: Database, merchant_id: int) -> None:
    make_up = missions.MakeUp(days_back=7, per_month=2)
    anna = await _published(database, merchant_id, msgspec.structs.replace(missions.DEFAULT, make_up=make_up))
    for day in (6, 5, 4, 2, 1, 0):
        await _check(database, merchant_id, anna, NOON - timedelta(days=day))
    assert await _balance(database, merchant_id, anna) == 60
    missed = date(2026, 11, 19)
    with pytest.raises(missions.NoCard):
        await database.attempt(merchant_id, missions.make_up, anna, missed, NOON)
    async with database.write(merchant_id) as tx:
        card = rewards.Reward(kind="make_up_card", params={"cards": 2})
        await rewards.give(tx, [rewards.Gift(member_id=anna, reward=card, key="c", why={"zh": "送卡"}, at=NOON)])
    with clock.at(NOON):
        made = await database.attempt(merchant_id, missions.make_up, anna, missed, NOON)
    assert (made.state, made.streak) == ("checked_in", 4)
    assert await _balance(database, merchant_id, anna) == 110  # the run of seven got its 50, the made-up day no 10
    assert await _balance(database, merchant_id, anna, rewards.CARDS) == 1
    again = await database.attempt(merchant_id, missions.make_up, anna, missed, NOON)
    assert again.state == "already"
    assert await _balance(database, merchant_id, anna, rewards.CARDS) == 1
    with pytest.raises(missions.NothingToMakeUp):
        await database.attempt(merchant_id, missions.make_up, anna, date(2026, 11, 22) + timedelta(days=1), NOON)
    async with database.read(merchant_id) as tx:
        standing = await missions.standing(tx, anna, NOON)
    assert (standing.streak, standing.cards, standing.next_in, standing.next_day) == (7, 1, 7, 7)
    assert [one.how for one in standing.days if one.day == missed] == ["made_up"]


async def test_a_paused_check_in_and_one_never_published_are_closed(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        [anna] = await members.ensure_members(tx, [ANNA], NOON)
    assert (await _check(database, merchant_id, anna, NOON)).refusal.code == "check_in_closed"
    await _published(database, merchant_id)
    async with database.write(merchant_id) as tx:
        await missions.publish(tx, missions.DEFAULT, "paused", "小美", NOON - timedelta(hours=1))
    assert (await _check(database, merchant_id, anna, NOON)).refusal.code == "check_in_closed"
    # a check-in from before the pause that comes late still counts, by the version of its moment
    assert (await _check(database, merchant_id, anna, NOON - timedelta(hours=2), now=NOON)).state == "checked_in"


async def test_many_members_take_as_many_statements_as_two(database: Database, merchant_id: int) -> None:
    await _published(database, merchant_id)
    async with database.write(merchant_id) as tx:
        people = await members.ensure_members(tx, [{"phone": f"139{n:08}"} for n in range(80)], NOON)
    seen = []
    for part in (people[:2], people[2:]):
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            asked = [missions.CheckIn(member_id=one, occurred_at=NOON) for one in part]
            verdicts = await missions.check_in(tx, asked, NOON)
            assert {one.state for one in verdicts} == {"checked_in"}
            seen.append(counting.count)
    assert seen[0] == seen[1]


async def test_events_check_in_and_merges_unite_the_days(database: Database, merchant_id: int) -> None:
    anna = await _published(database, merchant_id)
    async with database.write(merchant_id) as tx:
        [bei] = await members.ensure_members(tx, [{"phone": "13900139000"}], NOON)
        now = clock.now()
        heard = [ingestion.Behaviour("check_in", bei, now, clock.business_date(now, "Asia/Shanghai"), "EV-1", "mini")]
        tx.announce(ingestion.EventsRecorded(events=heard), ingestion.EventsRecorded(events=heard))
        tx.announce(
            ingestion.EventsRecorded(
                events=[
                    ingestion.Behaviour(
                        "check_in", anna, now, clock.business_date(now, "Asia/Shanghai"), "EV-2", "mini"
                    )
                ],
                history=True,
            )
        )
    relay = Relay(database, wiring.READERS)
    await relay.drain(merchant_id)
    assert await _balance(database, merchant_id, bei) == 10
    assert await _balance(database, merchant_id, anna) == 0
    yesterday = now - timedelta(days=1)
    await _check(database, merchant_id, anna, yesterday, now=now)
    await _check(database, merchant_id, anna, now)
    async with database.write(merchant_id) as tx:
        await members.merge(tx, bei, anna, by="小美", at=now)
    await relay.drain(merchant_id)
    await relay.drain(merchant_id)
    async with database.read(merchant_id) as tx:
        standing = await missions.standing(tx, anna, now)
        assert (standing.streak, standing.total) == (2, 2)
        assert (await missions.standing(tx, bei, now)).total == 0
    assert await _balance(database, merchant_id, anna) == 30


async def test_the_member_side(client: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    await _published(database, merchant_id)
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "小程序", ["member"], clock.now())
        _, ingest = await access.create_key(tx, "收银", ["ingest"], clock.now())
    mine, till = ({"Authorization": f"Bearer {one}"} for one in (secret, ingest))
    path, body = "/v1/missions/check-in", {"member": ANNA}
    assert (await client.post(path, json=body)).status_code == 401
    assert (await client.post(path, json=body, headers=till)).status_code == 403
    first = await client.post(path, json=body, headers=mine)
    assert first.status_code == 200, first.text
    assert first.json()["state"] == "checked_in" and first.json()["given"][0]["words"]["zh"] == "10 积分"
    assert (await client.post(path, json=body, headers=mine)).json()["state"] == "already"
    told = await client.get("/v1/missions", params={"member": "phone:13800138000"}, headers=mine)
    assert told.status_code == 200, told.text
    checked = told.json()["check_in"]
    assert (checked["checked_today"], checked["streak"], checked["next_in"]) == (True, 1, 6)
    assert len(checked["days"]) == 1
    assert (await client.get("/v1/missions", params={"member": "phone:13811138111"}, headers=mine)).status_code == 404
    refused = await client.post("/v1/missions/make-up", json={**body, "day": "2026-01-01"}, headers=mine)
    assert (refused.status_code, refused.json()["code"]) == (422, "nothing_to_make_up")
    assert refused.json()["cure"]
