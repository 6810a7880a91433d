"""Holds by the API and on the console: keys, limits of time, and one winner among capture, release and the end."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shuke.assets import audit, points
from shuke.doors import wiring
from shuke.ground import access, members
from shuke.kit import clock
from shuke.kit.db import Database

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def shop(app: Any, database: Database, merchant_id: int, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A web shop with a key of the scope `spend`, and a member with 300 points."""
    now = clock.now()
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "小程序商城", ["spend"], now)
        await members.ensure_members(tx, [members.identities_of({"phone": "13800138000"})], now)
        posting = points.Posting(
            member_id=1, points=300, type="earn", key="given", why={"kind": "none"}, occurred_at=now,
            expires_at=now + timedelta(days=9),
        )  # fmt: skip
        await points.post(tx, [posting])
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


async def _hold(shop: httpx.AsyncClient, key: str, amount: int, **more: Any) -> httpx.Response:
    return await shop.post("/v1/holds", json={"member_id": 1, "points": amount, "key": key, **more})


async def _parts(shop: httpx.AsyncClient) -> tuple[int, int]:
    found = (await shop.get("/v1/members/1/balance")).json()
    return found["available"], found["held"]


async def test_hold_capture_and_release(shop: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    first = await _hold(shop, "拿铁-1", 120, note="积分＋5元兑换拿铁")
    assert (first.status_code, first.json()["state"], first.json()["key"]) == (200, "open", "拿铁-1")
    assert (await _hold(shop, "拿铁-1", 120)).json() == first.json()
    assert (await _hold(shop, "美式-2", 80)).status_code == 200
    assert await _parts(shop) == (100, 200)
    for _ in range(2):
        captured = await shop.post("/v1/holds/拿铁-1/capture")
        assert (captured.status_code, captured.json()["state"]) == (200, "captured")
        released = await shop.post("/v1/holds/美式-2/release")
        assert (released.status_code, released.json()["state"]) == (200, "released")
    assert await _parts(shop) == (180, 0)
    late = await shop.post("/v1/holds/美式-2/capture")
    assert (late.status_code, late.json()["code"]) == (409, "hold_ended")
    async with database.read(merchant_id) as tx:
        entry = (await points.entries_of(tx, 1)).items[0]
    assert (entry.type, entry.points, entry.why.zh) == ("capture", -120, "积分＋5元兑换拿铁")
    assert (await audit.audit(database, merchant_id, clock.now()))["found"] == []


async def test_refusals_hold_nothing(shop: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    async def refused(**asked: Any) -> tuple[int, str, str | None]:
        answer = await shop.post("/v1/holds", json={"member_id": 1, "points": 10, "key": "k", **asked})
        body = answer.json()
        return answer.status_code, body["code"], body.get("field")

    assert await refused(points=301) == (409, "not_enough_points", "points")
    assert await refused(points=0) == (422, "hold_amount", "points")
    assert await refused(seconds=5) == (422, "hold_time", "seconds")
    assert await refused(seconds=8 * 86_400) == (422, "hold_time", "seconds")
    assert await refused(wallet="咖啡豆") == (422, "no_such_wallet", "wallet")
    assert (await refused(member_id=99))[:2] == (404, "no_such_member")
    assert (await _hold(shop, "k", 10)).status_code == 200
    assert await refused(points=11) == (409, "hold_key_reused", "key")
    async with database.write(merchant_id) as tx:
        await members.ensure_members(tx, [members.identities_of({"phone": "13900139000"})], clock.now())
    assert await refused(member_id=2) == (409, "hold_key_reused", "key")
    assert await refused(wallet="growth") == (409, "hold_key_reused", "key")
    for act in ("capture", "release"):
        assert (await shop.post(f"/v1/holds/nobody/{act}")).json()["code"] == "no_such_hold"
    assert await _parts(shop) == (290, 10)


async def test_a_hold_ends_by_itself_and_the_sweep_is_woken_for_it(
    shop: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await _hold(shop, "k", 100, seconds=60)
    async with database.directory() as tx:
        at = await tx.value("select at from due where merchant_id = %(m)s and kind = 'points_sweep'", m=merchant_id)
    assert at <= clock.now() + MINUTE
    with clock.at(clock.now() + 2 * MINUTE):
        assert await _parts(shop) == (300, 0)  # before anything was booked
        assert (await shop.get("/v1/holds/k")).json()["state"] == "timed_out"
        late = await shop.post("/v1/holds/k/capture")
        assert (late.status_code, late.json()["code"]) == (409, "hold_ended")
        (sweep,) = [work for work in wiring.WORKS if work.kind == points.SWEEP]
        await sweep.run(database, merchant_id)
        assert (await shop.get("/v1/holds/k")).json()["state"] == "timed_out"
        assert (await audit.audit(database, merchant_id, clock.now()))["found"] == []
    async with database.read(merchant_id) as tx:
        assert await tx.value("select held from account where merchant_id = %(merchant_id)s and member_id = 1") == 0


async def test_one_of_many_captures_and_releases_wins(
    shop: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    await asyncio.gather(*(_hold(shop, f"k{n}", 100) for n in range(6)))
    assert await _parts(shop) == (0, 300)
    kept = [key for key in (f"k{n}" for n in range(6)) if (await shop.get(f"/v1/holds/{key}")).status_code == 200]
    acts = [shop.post(f"/v1/holds/{key}/{act}") for key in kept for act in ("capture", "release")]
    answers = await asyncio.gather(*acts)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409, 409]
    assert (await audit.audit(database, merchant_id, clock.now()))["found"] == []


async def test_staff_see_what_is_held_and_give_it_back(shop: httpx.AsyncClient, owner: httpx.AsyncClient) -> None:
    await _hold(shop, "a", 120, note="积分＋5元兑换拿铁")
    await _hold(shop, "b", 30)
    assert (await owner.get("/console/api/holds/now")).json() == {"holds": 2, "points": 150, "members": 1}
    rows = (await owner.get("/console/api/holds", params={"member": 1})).json()["items"]
    assert [(row["points"], row["why"]["zh"], row["state"]) for row in rows] == [
        (30, "冻结", "open"), (120, "积分＋5元兑换拿铁", "open"),
    ]  # fmt: skip
    freed = await owner.post(f"/console/api/holds/{rows[1]['hold_id']}/release")
    assert (freed.status_code, freed.json()["state"]) == (200, "released")
    assert (await owner.post("/console/api/holds/77/release")).json()["code"] == "no_such_hold"
    assert await _parts(shop) == (270, 30)
    assert len((await owner.get("/console/api/holds", params={"state": "all"})).json()["items"]) == 2
    trail = (await owner.get("/console/api/audit-trail", params={"action": "points.released"})).json()["items"]
    assert [row["sentence"]["zh"] for row in trail] == ["小美解冻了会员 1 的 120 积分"]


async def test_other_scopes_hold_nothing(database: Database, merchant_id: int, client: httpx.AsyncClient) -> None:
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "收银", ["ingest"], clock.now())
    client.headers["Authorization"] = f"Bearer {secret}"
    assert (await client.post("/v1/holds", json={"member_id": 1, "points": 1, "key": "k"})).status_code == 403
