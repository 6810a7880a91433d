"""A large adjustment moves nothing until a second person approves it, and then once."""

import asyncio
from typing import Any

import httpx
import pytest

from shuke.assets import points
from shuke.assets.approvals import policy
from shuke.ground import members
from shuke.kit import clock
from shuke.kit.db import Database
from tests.conftest import signed_in

API = "/console/api"


@pytest.fixture
async def manager(app: Any, database: Database, merchant_id: int) -> httpx.AsyncClient:
    return await signed_in(app, database, merchant_id, ("manager", None))


@pytest.fixture
async def member(database: Database, merchant_id: int) -> int:
    async with database.write(merchant_id) as tx:
        [one] = await members.ensure_members(tx, [{"phone": "13800138000"}], clock.now())
    return one


async def available(client: httpx.AsyncClient, member: int) -> int:
    return (await client.get(f"{API}/members/{member}/balance")).json()["available"]


async def ask(client: httpx.AsyncClient, member: int, points: int, key: str = "k") -> httpx.Response:
    body = {"points": points, "reason": "周年庆补偿"}
    return await client.post(f"{API}/members/{member}/adjust", json=body, headers={"Idempotency-Key": key})


async def test_above_the_limit_a_second_person_decides(
    owner: httpx.AsyncClient, manager: httpx.AsyncClient, member: int
) -> None:
    assert (await ask(manager, member, 10_000, "small")).status_code == 201
    asked = await ask(manager, member, 10_001)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert (await ask(manager, member, 10_001)).json()["request_id"] == asked.json()["request_id"]
    assert await available(owner, member) == 10_000
    path = f"{API}/approvals/{asked.json()['request_id']}"
    own = await manager.post(f"{path}/approve")
    assert (own.status_code, own.json()["code"]) == (403, "own_request")
    (waiting,) = (await owner.get(f"{API}/approvals", params={"state": "waiting"})).json()["items"]
    assert (waiting["points"], waiting["reason"], waiting["own"]) == (10_001, "周年庆补偿", False)
    answers = await asyncio.gather(*(owner.post(f"{path}/approve") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert await available(owner, member) == 20_001
    entry = (await owner.get(f"{API}/members/{member}/entries")).json()["items"][0]
    assert entry["why"]["zh"] == "小美 → 小美 手工调整：周年庆补偿"


async def test_stored_credit_is_adjusted_in_fen_told_as_money_and_lasts(
    owner: httpx.AsyncClient, manager: httpx.AsyncClient, database: Database, merchant_id: int, member: int
) -> None:
    path, wallet = f"{API}/members/{member}/adjust", {"wallet": "stored_credit", "reason": "充值卡转入"}
    made = await manager.post(path, json={"points": 8_850, **wallet})
    assert made.status_code == 201
    async with database.read(merchant_id) as tx:
        [lot] = await points.lots_of(tx, member, "stored_credit")
    assert (lot.remaining, lot.expires_at) == (8_850, None)
    asked = await manager.post(path, json={"points": 1_000_000, **wallet})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert (await owner.post(f"{API}/approvals/{asked.json()['request_id']}/approve")).status_code == 200
    undone = await manager.post(path, json={"points": -8_850, **wallet})
    assert undone.status_code == 201
    held = await owner.get(f"{API}/members/{member}/balance", params={"wallet": "stored_credit"})
    assert held.json()["available"] == 1_000_000
    refused = await owner.post(path, json={"points": -1_000_001, **wallet})
    if refused.status_code == 202:
        refused = await manager.post(f"{API}/approvals/{refused.json()['request_id']}/approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_enough_to_take")
    assert refused.json()["message"] in (
        "会员只有 ¥10,000.00 储值，扣不了 ¥10,000.01 储值。",
        "The member has ¥10,000.00 of stored credit; ¥10,000.01 of stored credit cannot be taken.",
    )
    told = [one["sentence"]["zh"] for one in (await owner.get(f"{API}/audit-trail")).json()["items"]]
    assert f"小美给会员 {member} 调整了 ¥88.50 储值，原因：充值卡转入" in told
    assert f"小美批准了小美给会员 {member} 调整 ¥10,000.00 储值的申请" in told


@pytest.mark.parametrize(
    ("count", "wallet", "zh", "en"),
    [
        (50, "points", "50 积分", "50 points"),
        (-1_234_567, "stored_credit", "-¥12,345.67 储值", "-¥12,345.67 of stored credit"),
        (5, "stored_credit", "¥0.05 储值", "¥0.05 of stored credit"),
        (3, "make_up_cards", "3 张补签卡", "3 make-up cards"),
    ],
)
def test_an_adjustment_is_told_in_its_own_unit(count: int, wallet: str, zh: str, en: str) -> None:
    told = policy.amount(count, wallet)
    assert (told.zh, told.en) == (zh, en)


async def test_refused_or_impossible_moves_nothing(
    owner: httpx.AsyncClient, manager: httpx.AsyncClient, member: int
) -> None:
    first, second = (await ask(manager, member, 20_000, "a")).json(), (await ask(manager, member, -20_000, "b")).json()
    refused = await owner.post(f"{API}/approvals/{first['request_id']}/refuse", json={"words": "金额不对"})
    assert (refused.json()["state"], refused.json()["words"]) == ("refused", "金额不对")
    late = await owner.post(f"{API}/approvals/{first['request_id']}/approve")
    assert late.json()["code"] == "already_decided"
    short = await owner.post(f"{API}/approvals/{second['request_id']}/approve")
    assert (short.status_code, short.json()["code"]) == (409, "not_enough_points")
    assert (await owner.get(f"{API}/approvals/limit")).json() == {"limit": 10_000, "fen": 10_000, "waiting": 1}
    assert await available(owner, member) == 0


async def test_the_limit_is_a_setting(owner: httpx.AsyncClient, app: Any, database: Database, member: int) -> None:
    assert (await owner.put(f"{API}/approvals/limit", json={"limit": 100})).status_code == 200
    assert (await ask(owner, member, 101, "a")).status_code == 202
    assert (await owner.put(f"{API}/approvals/limit", json={"limit": None})).status_code == 200
    assert (await ask(owner, member, 50_000, "b")).status_code == 201
    body = {"points": 30_000, "reason": "充值", "wallet": "stored_credit"}
    path = f"{API}/members/{member}/adjust"
    assert (await owner.post(path, json=body)).status_code == 202  # its limit is its own: ¥100
    assert (await owner.put(f"{API}/approvals/limit", json={"limit": 0, "fen": 50_000})).status_code == 200
    assert (await owner.post(path, json=body)).status_code == 201
    assert (await ask(owner, member, 1, "d")).status_code == 202
    assert (await owner.put(f"{API}/approvals/limit", json={"limit": None})).json()["limit"] is None
    assert (await owner.get(f"{API}/approvals/limit")).json()["fen"] == 50_000
    assert (await ask(owner, member, 0, "c")).json()["code"] == "nothing_to_adjust"


async def test_a_clerk_may_neither_ask_nor_decide(app: Any, database: Database, merchant_id: int, member: int) -> None:
    clerk = await signed_in(app, database, merchant_id, ("clerk", None))
    assert (await ask(clerk, member, 20_000)).status_code == 403
    assert (await clerk.post(f"{API}/approvals/1/approve")).status_code == 403
