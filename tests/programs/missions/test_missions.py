"""Missions: steps counted from behaviour and profiles, claims, proofs and their review; each reward once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from shuke.assets import points, rewards
from shuke.doors import wiring
from shuke.ground import access, ingestion, members
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.programs import missions
from tests.statements import counted

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # Friday, 12:00 in Shanghai
BEFORE = NOON - timedelta(days=30)
ANNA = {"phone": "13800138000"}
FIFTY = [rewards.Reward(kind="points", params={"points": 50})]
BROWSE = missions.StepPlan(kind="behave", params={"event": "view", "times": 3, "different": "sku"})
FOLLOW = missions.StepPlan(kind="behave", params={"event": "follow"})
PROFILE = missions.StepPlan(kind="profile", params={"fields": ["name", "birthday"]})


async def _mission(database: Database, merchant_id: int, *steps: missions.StepPlan, **more: Any) -> int:
    period, award = more.pop("period", "once"), more.pop("award", "at_once")
    plan = missions.MissionPlan(steps=list(steps), rewards=FIFTY, award=award)
    async with database.write(merchant_id) as tx:
        made = await missions.create_mission(
            tx, missions.MissionDraft(name="新客任务", period=period, plan=plan), BEFORE
        )
        await missions.move_mission(tx, made.mission_id, "publish", BEFORE)
    return made.mission_id


async def _anna(database: Database, merchant_id: int) -> int:
    async with database.write(merchant_id) as tx:
        return (await members.ensure_members(tx, [ANNA], NOON))[0]


def _did(member_id: int, event: str, key: str, at: datetime = NOON, **properties: Any) -> ingestion.Behaviour:
    day = clock.business_date(at, "Asia/Shanghai")
    return ingestion.Behaviour(event, member_id, at, day, key, "mini", properties)


async def _count(database: Database, merchant_id: int, *done: ingestion.Behaviour) -> int:
    return await database.attempt(merchant_id, missions.count, done, NOON)


async def _points(database: Database, merchant_id: int, member_id: int) -> int:
    async with database.read(merchant_id) as tx:
        return (await points.balance(tx, member_id, clock.now())).available


async def _state(database: Database, merchant_id: int, member_id: int, at: datetime = NOON) -> missions.MemberMission:
    async with database.read(merchant_id) as tx:
        return (await missions.of_member(tx, member_id, at))[0]


async def test_three_different_products_and_a_follow(database: Database, merchant_id: int) -> None:
    await _mission(database, merchant_id, BROWSE, FOLLOW)
    anna = await _anna(database, merchant_id)
    views = [_did(anna, "view", f"v{n}", sku=sku) for n, sku in enumerate(("SKU-1", "SKU-1", "SKU-2"))]
    await _count(database, merchant_id, *views)
    await _count(database, merchant_id, *views)  # heard twice: nothing more
    found = await _state(database, merchant_id, anna)
    assert [(step.words.zh, step.done, step.needed) for step in found.steps] == [
        ("浏览商品 3 次（不重复）", 2, 3), ("关注公众号", 0, 1),
    ]  # fmt: skip
    await _count(database, merchant_id, _did(anna, "follow", "f1"))
    assert await _points(database, merchant_id, anna) == 0
    await _count(database, merchant_id, _did(anna, "view", "v9", sku="SKU-3"))
    assert (await _state(database, merchant_id, anna)).state == "accepted"
    assert await _points(database, merchant_id, anna) == 50
    await _count(database, merchant_id, _did(anna, "view", "v10", sku="SKU-4"), _did(anna, "follow", "f2"))
    assert await _points(database, merchant_id, anna) == 50
    async with database.read(merchant_id) as tx:
        assert (await points.entries_of(tx, anna)).items[0].why.zh == "完成任务「新客任务」"


@pytest.mark.parametrize(
    ("period", "days", "expected"),
    [("once", (0, 1, 2), 50), ("daily", (0, 0, 1), 100), ("weekly", (0, 1, 2, 3), 100), ("weekly", (0, 1, 2), 50)],
)
async def test_periods(database: Database, merchant_id: int, period: str, days: tuple[int, ...], expected: int) -> None:
    """Friday, Saturday, Sunday are one week; Monday begins another."""
    await _mission(database, merchant_id, FOLLOW, period=period)
    anna = await _anna(database, merchant_id)
    for n, day in enumerate(days):
        await _count(database, merchant_id, _did(anna, "follow", f"f{n}", NOON + timedelta(days=day)))
    assert await _points(database, merchant_id, anna) == expected


async def test_what_happened_before_the_publication_or_during_a_pause_counts_for_nothing(
    database: Database, merchant_id: int
) -> None:
    number = await _mission(database, merchant_id, FOLLOW)
    anna = await _anna(database, merchant_id)
    assert await _count(database, merchant_id, _did(anna, "follow", "f0", BEFORE - timedelta(hours=1))) == 0
    async with database.write(merchant_id) as tx:
        await missions.move_mission(tx, number, "pause", NOON)
    assert await _count(database, merchant_id, _did(anna, "follow", "f1")) == 0
    async with database.write(merchant_id) as tx:
        await missions.move_mission(tx, number, "resume", NOON)
    assert await _count(database, merchant_id, _did(anna, "follow", "f2")) == 1
    assert await _points(database, merchant_id, anna) == 50


async def test_a_claim_gives_once_and_says_what_is_missing(database: Database, merchant_id: int) -> None:
    number = await _mission(database, merchant_id, BROWSE, PROFILE, award="on_claim")
    anna = await _anna(database, merchant_id)
    await _count(database, merchant_id, *(_did(anna, "view", f"v{n}", sku=f"SKU-{n}") for n in range(3)))
    with pytest.raises(missions.NotDoneYet) as refused:
        await database.attempt(merchant_id, missions.claim, number, anna, NOON)
    assert "填写姓名、生日（0/2）" in refused.value.message_zh
    async with database.write(merchant_id) as tx:
        await members.write_profiles(tx, [(anna, {"name": "安娜", "birthday": date(1995, 3, 8)})])
    assert (await _state(database, merchant_id, anna)).state == "complete"
    assert await database.attempt(merchant_id, missions.claim, number, anna, NOON) == "accepted"
    assert await database.attempt(merchant_id, missions.claim, number, anna, NOON) == "accepted"
    assert await _points(database, merchant_id, anna) == 50


async def test_a_profile_that_is_filled_in_counts_by_itself(database: Database, merchant_id: int) -> None:
    await _mission(database, merchant_id, PROFILE)
    anna = await _anna(database, merchant_id)
    async with database.write(merchant_id) as tx:
        await members.write_profiles(tx, [(anna, {"name": "安娜", "birthday": date(1995, 3, 8)})])
    await Relay(database, wiring.READERS).drain(merchant_id)
    assert await _points(database, merchant_id, anna) == 50


async def test_a_proof_is_reviewed_refused_with_a_reason_sent_again_and_accepted(
    database: Database, merchant_id: int
) -> None:
    number = await _mission(database, merchant_id, award="after_review")
    anna = await _anna(database, merchant_id)
    with pytest.raises(missions.ProofMissing):
        await database.attempt(merchant_id, missions.claim, number, anna, NOON)
    assert await database.attempt(merchant_id, missions.claim, number, anna, NOON, proof="朋友圈截图") == "in_review"
    no = missions.Decision(mission_id=number, member_id=anna, starts_on=date.min, accept=False, reason="看不清楚")
    assert await database.attempt(merchant_id, missions.decide, [no], "小美", NOON) == 1
    found = await _state(database, merchant_id, anna)
    assert (found.state, found.reason) == ("refused", "看不清楚")
    assert await _points(database, merchant_id, anna) == 0
    await database.attempt(merchant_id, missions.claim, number, anna, NOON, proof="更清楚的截图")
    yes = missions.Decision(mission_id=number, member_id=anna, starts_on=date.min, accept=True)
    assert await database.attempt(merchant_id, missions.decide, [yes], "小美", NOON) == 1
    assert await database.attempt(merchant_id, missions.decide, [yes, no], "小丽", NOON) == 0
    assert await _points(database, merchant_id, anna) == 50


async def test_many_members_take_as_many_statements_as_two(database: Database, merchant_id: int) -> None:
    await _mission(database, merchant_id, FOLLOW)
    async with database.write(merchant_id) as tx:
        people = await members.ensure_members(tx, [{"phone": f"139{n:08}"} for n in range(60)], NOON)
    seen = []
    for part in (people[:2], people[2:]):
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            assert await missions.count(tx, [_did(one, "follow", f"f{one}") for one in part], NOON) == len(part)
            seen.append(counting.count)
    assert seen[0] == seen[1]


async def test_merged_members_are_rewarded_once(database: Database, merchant_id: int) -> None:
    await _mission(database, merchant_id, BROWSE)
    anna = await _anna(database, merchant_id)
    async with database.write(merchant_id) as tx:
        [bei] = await members.ensure_members(tx, [{"phone": "13900139000"}], NOON)
    await _count(database, merchant_id, *(_did(anna, "view", f"a{n}", sku=f"SKU-{n}") for n in range(3)))
    await _count(database, merchant_id, *(_did(bei, "view", f"b{n}", sku=f"SKU-{n}") for n in range(2)))
    async with database.write(merchant_id) as tx:
        await members.merge(tx, anna, bei, by="小美", at=NOON)
    await Relay(database, wiring.READERS).drain(merchant_id)
    await _count(database, merchant_id, _did(bei, "view", "b9", sku="SKU-9"))
    assert (await _state(database, merchant_id, bei)).state == "accepted"
    assert await _points(database, merchant_id, bei) == 50


async def test_events_of_the_api_count_and_history_does_not(database: Database, merchant_id: int) -> None:
    await _mission(database, merchant_id, FOLLOW)
    anna = await _anna(database, merchant_id)
    async with database.write(merchant_id) as tx:
        [bei] = await members.ensure_members(tx, [{"phone": "13900139000"}], NOON)
        tx.announce(ingestion.EventsRecorded(events=[_did(bei, "follow", "b")], history=True))
        tx.announce(ingestion.EventsRecorded(events=[_did(anna, "follow", "a")]))
    await Relay(database, wiring.READERS).drain(merchant_id)
    assert (await _points(database, merchant_id, anna), await _points(database, merchant_id, bei)) == (50, 0)


async def test_from_the_console_to_the_mini_program_and_back(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    """An operator makes a mission with a proof; a member claims it; the operator refuses, then accepts it."""
    api = "/console/api/missions"
    draft: dict[str, Any] = {
        "name": "分享朋友圈", "period": "daily",
        "plan": {"rewards": [{"kind": "points", "params": {"points": 20}}], "award": "after_review", "proof_hint": "截图"},
    }  # fmt: skip
    bad = await owner.post(api, json={**draft, "plan": {"rewards": []}})
    assert (bad.status_code, bad.json()["code"], bad.json()["field"]) == (422, "bad_mission", "rewards")
    made = (await owner.post(api, json=draft)).json()
    assert (await owner.post(f"{api}/{made['mission_id']}/publish")).json()["state"] == "live"
    frozen = await owner.put(f"{api}/{made['mission_id']}", json={**draft, "period": "weekly"})
    assert frozen.json()["code"] == "mission_frozen"
    async with database.write(merchant_id) as tx:
        [anna] = await members.ensure_members(tx, [ANNA], NOON)
        _, secret = await access.create_key(tx, "小程序", ["member"], clock.now())
    key = {"Authorization": f"Bearer {secret}"}
    told = (await client.get("/v1/missions", params={"member": str(anna)}, headers=key)).json()
    assert [one["name"] for one in told["missions"]] == ["分享朋友圈"]
    claim = f"/v1/missions/{made['mission_id']}/claim"
    sent = await client.post(claim, json={"member": ANNA, "proof": "截图 1"}, headers=key)
    assert (sent.status_code, sent.json()["state"]) == (200, "in_review")
    [waiting] = (await owner.get(f"{api}/reviews")).json()["items"]
    decision = {name: waiting[name] for name in ("mission_id", "member_id", "starts_on")}
    refused = await owner.post(f"{api}/reviews", json={"decisions": [{**decision, "accept": False}]})
    assert refused.json()["code"] == "review_reason_needed"
    accepted = await owner.post(f"{api}/reviews", json={"decisions": [{**decision, "accept": True}]})
    assert accepted.json() == {"decided": 1}
    assert await _points(database, merchant_id, anna) == 20
    listed = (await owner.get(api)).json()
    assert (listed["items"][0]["accepted"], listed["waiting"]) == (1, 0)
    shown = (await owner.get(f"/console/api/members/{anna}/missions")).json()
    assert shown["missions"][0]["state"] == "accepted"


async def test_the_check_in_is_published_and_counted_on_the_console(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    api = "/console/api/missions/check-in"
    first = (await owner.get(api)).json()
    assert (first["version"], first["state"], len(first["days"])) == (0, "none", 30)
    preview = await owner.post(f"{api}/preview", json=first["plan"])
    assert preview.json()["points_in_thirty_days"] == 30 * 10 + 4 * 50
    bad = await owner.put(api, json={"plan": {**first["plan"], "cycle_days": 3}})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_check_in")
    done = await owner.put(api, json={"plan": first["plan"]})
    assert (done.status_code, done.json()["version"], done.json()["state"]) == (200, 1, "live")
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "小程序", ["member"], clock.now())
    key = {"Authorization": f"Bearer {secret}"}
    came = (await client.post("/v1/missions/check-in", json={"member": ANNA}, headers=key)).json()
    assert (await owner.get(api)).json()["days"][-1]["members"] == 1
    mine = (await owner.get(f"/console/api/members/{came['member_id']}/missions")).json()["check_in"]
    assert (mine["streak"], mine["days"][0]["given"][0]["zh"]) == (1, "10 积分")
    assert (await owner.get(f"/console/api/members/{came['member_id']}/missions?month=2026-13")).status_code == 422
