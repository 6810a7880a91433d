"""Segments by API key: names and sizes, one member's segments, the members of one page by page, and a rule counted."""

from __future__ import annotations

import httpx

from shuke.doors.context import Context
from shuke.ground import access
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.db import Database
from tests.insight.segments.test_console import BOUGHT, DORMANT, shop

__all__ = ["shop"]


async def test_a_key_reads_segments(
    client: httpx.AsyncClient, owner: httpx.AsyncClient, mirrored: Context, database: Database, shop: int
) -> None:
    for name, rule in (("沉睡会员", DORMANT), ("最近买过", BOUGHT), ("买过的", {"did": "order"})):
        made = await owner.post("/console/api/segments", json={"name": name, "rule": rule})
        assert made.status_code == 201, made.text
    assert mirrored.mirror is not None
    await segments.refresh(database, mirrored.mirror, shop, clock.now())
    async with database.write(shop) as tx:
        _, secret = await access.create_key(tx, "企微", ["read"], clock.now())
        _, other = await access.create_key(tx, "收银", ["ingest"], clock.now())
    key = {"Authorization": f"Bearer {secret}"}

    listed = (await client.get("/v1/segments", headers=key)).json()["items"]
    assert [(one["name"], one["count"]) for one in listed] == [("沉睡会员", 1), ("最近买过", 1), ("买过的", 2)]
    mine = (await client.get("/v1/members/segments", params={"external": "a"}, headers=key)).json()
    assert sorted(one["name"] for one in mine["segments"]) == ["买过的", "最近买过"]
    assert all(one["entered_at"] for one in mine["segments"])
    nobody = await client.get("/v1/members/segments", params={"external": "nobody"}, headers=key)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "nobody_known")

    slug = listed[2]["slug"]
    first = (await client.get(f"/v1/segments/{slug}/members", params={"limit": 1}, headers=key)).json()
    assert ([one["external_ids"] for one in first["items"]], first["total"]) == ([["a"]], 2)
    rest = (
        await client.get(
            f"/v1/segments/{slug}/members", params={"limit": 1, "cursor": first["next_cursor"]}, headers=key
        )
    ).json()
    assert ([one["external_ids"] for one in rest["items"]], rest["next_cursor"]) == ([["b"]], None)
    assert (await client.get("/v1/segments/nowhere/members", headers=key)).status_code == 404

    counted = await client.post("/v1/segments/count", json={"text": "did order last 30d : count >= 1"}, headers=key)
    assert (counted.status_code, counted.json()["count"], counted.json()["total"]) == (200, 1, 2)
    wrong = await client.post("/v1/segments/count", json={"rule": {"weather": "rain"}}, headers=key)
    assert (wrong.status_code, wrong.json()["path"]) == (422, "$")
    refused = await client.get("/v1/segments", headers={"Authorization": f"Bearer {other}"})
    assert refused.status_code == 403


async def test_a_key_tries_rules_and_asks_why(
    client: httpx.AsyncClient, owner: httpx.AsyncClient, mirrored: Context, database: Database, shop: int
) -> None:
    made = await owner.post("/console/api/segments", json={"name": "最近买过", "slug": "recent", "rule": BOUGHT})
    assert made.status_code == 201 and mirrored.mirror is not None
    await segments.refresh(database, mirrored.mirror, shop, clock.now())
    async with database.write(shop) as tx:
        _, secret = await access.create_key(tx, "企微", ["read"], clock.now())
        _, other = await access.create_key(tx, "收银", ["ingest"], clock.now())
    key = {"Authorization": f"Bearer {secret}"}

    one = (await client.get("/v1/segments/recent", headers=key)).json()
    assert (one["rule"], one["count"], one["state"]) == (BOUGHT, 1, "ok") and one["sentence"]["zh"]
    assert (await client.get("/v1/segments/nowhere", headers=key)).status_code == 404

    preview = (await client.post("/v1/segments/preview", json={"rule": {"did": "order"}}, headers=key)).json()
    assert (preview["count"], preview["total"], len(preview["sample"])) == (2, 2, 2)

    people = [{"external": "a"}, {"external": "nobody"}, {"external": "b"}]
    for asked in ({"segment": "recent"}, {"rule": BOUGHT}, {"text": "did order last 30d"}):
        told = (await client.post("/v1/segments/evaluate", json={"members": people, **asked}, headers=key)).json()
        assert [item["in"] for item in told["items"]] == [True, None, False], asked
    past = {"members": people, "segment": "recent", "as_of": "2020-01-01T00:00:00Z"}
    told = (await client.post("/v1/segments/evaluate", json=past, headers=key)).json()
    assert [item["in"] for item in told["items"]] == [False, None, False]
    many = {"members": people * 400, "segment": "recent"}
    assert (await client.post("/v1/segments/evaluate", json=many, headers=key)).status_code == 400
    missing = await client.post("/v1/segments/evaluate", json={"members": people}, headers=key)
    assert (missing.status_code, missing.json()["code"]) == (422, "bad_rule") or missing.json()["path"] == "$"

    why = (
        await client.post("/v1/segments/explain", json={"member": {"external": "a"}, "segment": "recent"}, headers=key)
    ).json()
    assert why["in"] is True and why["leaves"][0]["value"] >= 1 and why["next"]["in"] is False
    nobody = {"member": {"external": "nobody"}, "segment": "recent"}
    assert (await client.post("/v1/segments/explain", json=nobody, headers=key)).status_code == 404
    for path in ("preview", "evaluate", "explain"):
        refused = await client.post(f"/v1/segments/{path}", json=nobody, headers={"Authorization": f"Bearer {other}"})
        assert refused.status_code == 403


async def test_one_members_segments_are_two_statements(database: Database, mirrored: Context, shop: int) -> None:
    """However many segments there are."""
    async with database.write(shop) as tx:
        for number in range(30):
            await segments.create_segment(tx, name=f"分群 {number}", rule=BOUGHT, slug=f"s{number}", at=clock.now())
    assert mirrored.mirror is not None
    await segments.refresh(database, mirrored.mirror, shop, clock.now())
    async with database.read(shop) as tx:
        [number, *_] = await segments.members(tx, "s0")
        asked = []
        plain = tx.connection.execute

        async def counting(*given: object, **named: object) -> object:
            asked.append(given[0])
            return await plain(*given, **named)  # type: ignore[arg-type]

        tx.connection.execute = counting  # type: ignore[method-assign, assignment]
        try:
            found = await segments.of_member(tx, number)
        finally:
            del tx.connection.execute
        assert (len(found), len(asked)) == (30, 2)
