"""Segments and lists made, reworded, proven, followed and taken away by API key, as on the console."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shuke.doors.context import Context
from shuke.ground import access
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.db import Database
from tests.insight.segments.test_console import BOUGHT, DORMANT, shop
from tests.statements import counted

__all__ = ["shop"]
ONCE: dict[str, Any] = {"did": "order"}


@pytest.fixture
async def crm(client: httpx.AsyncClient, database: Database, shop: int) -> httpx.AsyncClient:
    """A system with a key for segments."""
    async with database.write(shop) as tx:
        _, secret = await access.create_key(tx, "企业微信 CRM", ["segments"], clock.now())
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


async def test_a_segment_is_made_reworded_and_taken_away(
    crm: httpx.AsyncClient, mirrored: Context, database: Database, shop: int
) -> None:
    made = await crm.post("/v1/segments", json={"name": "最近买过", "slug": "recent", "text": "did order last 30d"})
    assert (made.status_code, made.json()["version"]) == (201, 1), made.text
    assert made.json()["rule"] == BOUGHT
    again = await crm.post("/v1/segments", json={"name": "最近买过", "slug": "recent", "rule": BOUGHT})
    assert (again.status_code, again.json()["code"]) == (409, "slug_taken")
    for body in ({"name": "空的"}, {"name": "两样", "rule": BOUGHT, "text": "did order"}):
        refused = await crm.post("/v1/segments", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "one_rule")
    wrong = await crm.post("/v1/segments", json={"name": "天气", "rule": {"weather": "rain"}})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["path"]) == (422, "unknown_condition", "$")
    assert mirrored.mirror is not None
    await segments.refresh(database, mirrored.mirror, shop, clock.now())

    told = {"version": 1, "rule": ONCE, "name": "买过的", "reason": "双 11 不限时间"}
    reworded = (await crm.put("/v1/segments/recent", json=told)).json()
    assert (reworded["version"], reworded["name"], reworded["rule"]) == (2, "买过的", ONCE)
    stale = await crm.put("/v1/segments/recent", json=told | {"rule": DORMANT})
    assert (stale.status_code, stale.json()["code"], stale.json()["field"]) == (409, "segment_stale", "version")
    await segments.refresh(database, mirrored.mirror, shop, clock.now())
    newest, first = (await crm.get("/v1/segments/recent/versions")).json()["items"]
    assert (newest["version"], newest["reason"], newest["created_by"]) == (2, "双 11 不限时间", "企业微信 CRM")
    assert (newest["text"], newest["size"], first["rule"]) == ("did order", 2, BOUGHT)
    sizes = (await crm.get("/v1/segments/recent/history")).json()["items"]
    assert [one["count"] for one in sizes] == [1, 2]
    proven = (await crm.post("/v1/segments/recent/verify")).json()
    assert (proven["difference"]["missing"], proven["difference"]["extra"]) == (0, 0) and proven["verified_at"]

    user = await crm.post(
        "/v1/segments", json={"name": "买过又沉睡", "slug": "both", "rule": {"all": [{"segment": "recent"}, DORMANT]}}
    )
    assert user.status_code == 201
    used = await crm.delete("/v1/segments/recent")
    assert (used.status_code, used.json()["code"]) == (409, "segment_in_use")
    assert [one["id"] for one in used.json()["used_by"]] == ["both"]
    assert [(await crm.delete(f"/v1/segments/{slug}")).status_code for slug in ("both", "recent")] == [204, 204]
    assert (await crm.get("/v1/segments/recent")).status_code == 404
    async with database.read(shop) as tx:
        acts = [act.action for act in (await access.list_trail(tx)).items]
    assert acts.count("segment.changed") == 1 and acts.count("segment.deleted") == 2


async def test_who_enters_and_leaves_is_fed_by_cursor(
    crm: httpx.AsyncClient, mirrored: Context, database: Database, shop: int
) -> None:
    kept = (await crm.post("/v1/segment-lists", json={"name": "贵宾名单", "slug": "vip"})).json()
    assert (kept["list"]["count"], kept["list"]["origin"]["how"]) == (0, "api")
    await crm.post("/v1/segments", json={"name": "贵宾", "slug": "guests", "rule": {"list": "vip"}})
    assert mirrored.mirror is not None
    await segments.refresh(database, mirrored.mirror, shop, clock.now())
    change = {"add": {"members": [{"external": "a"}, {"external": "nobody"}], "member_ids": [2, 4242]}}
    told = (await crm.post("/v1/segment-lists/vip/members", json=change)).json()
    assert (told["added"], told["removed"], told["list"]["count"]) == (2, 0, 2)
    assert told["unknown"] == {"member_ids": [4242], "members": [2]}
    again = (await crm.post("/v1/segment-lists/vip/members", json=change)).json()
    assert (again["added"], again["list"]["count"]) == (0, 2)
    await segments.refresh(database, mirrored.mirror, shop, clock.now())
    off = {"remove": {"members": [{"external": "a"}]}}
    assert (await crm.post("/v1/segment-lists/vip/members", json=off)).json()["removed"] == 1
    await segments.refresh(database, mirrored.mirror, shop, clock.now())

    seen, cursor = [], None
    while True:
        page = (
            await crm.get("/v1/segments/guests/flips", params={"limit": 1} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [(one["member_id"], one["entered"]) for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [(1, False), (1, True), (2, True)]
    refused = await crm.delete("/v1/segment-lists/vip")
    assert (refused.status_code, refused.json()["code"]) == (409, "list_in_use")
    assert (await crm.delete("/v1/segments/guests")).status_code == 204
    assert (await crm.delete("/v1/segment-lists/vip")).status_code == 204
    assert (await crm.get("/v1/segment-lists")).json()["items"] == []


async def test_a_list_is_kept_of_lines_or_of_whom_a_rule_finds(
    crm: httpx.AsyncClient, mirrored: Context, shop: int
) -> None:
    lines = (await crm.post("/v1/segment-lists", json={"name": "线下名单", "lines": ["a", "nobody"]})).json()
    assert (lines["added"], lines["list"]["origin"]["unmatched"]) == (1, 1)
    found = (await crm.post("/v1/segment-lists", json={"name": "买过的人", "text": "did order"})).json()
    assert (found["added"], found["list"]["origin"]["how"]) == (2, "snapshot")
    both = await crm.post("/v1/segment-lists", json={"name": "两样", "text": "did order", "member_ids": [1]})
    assert (both.status_code, both.json()["code"]) == (422, "one_rule")
    bad = await crm.post("/v1/segment-lists", json={"name": "错的", "members": [{"passport": "E1"}]})
    assert (bad.status_code, bad.json()["code"]) == (422, "unknown_identity")


async def test_a_list_changes_with_as_many_statements_for_many_as_for_one(database: Database, shop: int) -> None:
    from pyroaring import BitMap

    async with database.write(shop) as tx:
        await segments.keep_list(tx, name="老客", slug="old", found=BitMap([1]), origin={"how": "api"}, at=clock.now())
    counts = []
    for many in (BitMap([2]), BitMap(range(3, 300_000))):
        async with database.write(shop) as tx:
            counting = counted(tx)
            assert await segments.change_list(tx, "old", add=many, remove=BitMap(), at=clock.now()) == (len(many), 0)
            counts.append(counting.count)
    assert counts[0] == counts[1] <= 8


async def test_a_key_that_only_reads_changes_nothing(client: httpx.AsyncClient, database: Database, shop: int) -> None:
    async with database.write(shop) as tx:
        _, secret = await access.create_key(tx, "只读", ["read"], clock.now())
    key = {"Authorization": f"Bearer {secret}"}
    for method, path, body in (
        ("POST", "/v1/segments", {"name": "买过的", "rule": ONCE}), ("POST", "/v1/segment-lists", {"name": "名单"}),
    ):  # fmt: skip
        answer = await client.request(method, path, json=body, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
