"""Segments on the console: what a page asks for and what it is told, and every refusal with the path of the bad node."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shuke.doors.context import Context
from shuke.ground import ingestion, mirror
from shuke.kit import clock
from shuke.programs import intake

DORMANT = {"all": [{"did": "order"}, {"did": "order", "window": {"last": "30d"}, "op": "eq", "value": 0}]}


@pytest.fixture
async def shop(mirrored: Context, merchant_id: int) -> int:
    now = clock.now()
    items: list[Any] = [
        ingestion.OrderIn(
            source="t", order_id=str(n), occurred_at=now - timedelta(days=days), member={"external": name}, store_id="s1",
            channel="pos", lines=[ingestion.LineIn(sku="A1", amount_fen=20_000, category="护肤")],
        )
        for n, (name, days) in enumerate([("a", 3), ("a", 50), ("b", 45)])
    ]  # fmt: skip
    await intake.apply(mirrored.database, merchant_id, items, history=True)
    await mirror.drain(mirrored.mirror, mirrored.database, merchant_id)
    return merchant_id


async def test_a_segment_from_preview_to_delete(owner: httpx.AsyncClient, shop: int) -> None:
    tried = await owner.post("/console/api/segments/preview", json={"rule": DORMANT})
    assert tried.status_code == 200, tried.text
    assert (tried.json()["count"], tried.json()["total"]) == (1, 2)
    assert tried.json()["sentence"]["zh"] == "曾下单，并且最近30天没有下单"
    made = await owner.post("/console/api/segments", json={"name": "沉睡会员", "rule": DORMANT})
    assert made.status_code == 201, made.text
    assert (made.json()["slug"], made.json()["state"]) == ("chen-shui-hui-yuan", "waiting")
    slug = made.json()["slug"]
    fresh = await owner.post(f"/console/api/segments/{slug}/refresh")
    assert fresh.status_code == 200, fresh.text
    assert (fresh.json()["count"], fresh.json()["state"], len(fresh.json()["history"])) == (1, "ok", 1)
    page = (await owner.get(f"/console/api/segments/{slug}/members")).json()
    assert [one["points_available"] for one in page["items"]] == [200]
    why = await owner.post(
        "/console/api/segments/explain", json={"slug": slug, "member_id": page["items"][0]["member_id"]}
    )
    assert why.json()["in"] is True
    assert [(leaf["path"], leaf["value"], leaf["ok"]) for leaf in why.json()["leaves"]] == [
        ("$.all[0]", 1, True), ("$.all[1]", 0, True)
    ]  # fmt: skip
    changed = await owner.put(f"/console/api/segments/{slug}", json={"rule": {"did": "order"}})
    assert changed.json()["version"] == 2
    exported = await owner.get(f"/console/api/segments/{slug}/export")
    assert exported.text.count("\n") == 2
    listed = (await owner.get("/console/api/segments")).json()["items"]
    assert [(one["slug"], one["used_by"]) for one in listed] == [(slug, [])]
    assert (await owner.delete(f"/console/api/segments/{slug}")).status_code == 204
    assert (await owner.get(f"/console/api/segments/{slug}")).status_code == 404


async def test_the_editor_learns_what_it_may_say(owner: httpx.AsyncClient, shop: int) -> None:
    told = (await owner.get("/console/api/segments/kinds")).json()
    assert {"attr", "did", "segment"} <= {kind["code"] for kind in told["kinds"]}
    order = next(event for event in told["events"] if event["name"] == "order")
    channel = next(prop for prop in order["properties"] if prop["name"] == "channel")
    assert channel == {"name": "channel", "type": "text", "title": {"zh": "渠道", "en": "Channel"}, "samples": ["pos"]}
    assert "points.available" in {fact["name"] for fact in told["attributes"]}


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        ({}, "$", "not_a_condition"),
        ({"all": []}, "$", "empty_group"),
        ({"all": [{"weather": "rain"}]}, "$.all[0]", "unknown_condition"),
        ({"did": "order", "ops": 1}, "$", "unknown_field"),
        ({"not": {"did": "order", "window": {"last": "30"}}}, "$.not.window", "bad_duration"),
        (
            {"did": "order", "where": [{"prop": "colour", "op": "eq", "value": "red"}]},
            "$.where[0].prop",
            "unknown_property",
        ),
        ({"did": "order", "measure": {"sum": "amount_fen"}, "op": ">=", "value": "many"}, "$.value", "wrong_type"),
        ({"attr": "city", "op": "~", "value": 1}, "$.op", "unknown_op"),
        ({"attr": "points.expiring", "op": ">", "value": 0}, "$.args", "missing_field"),
        ({"segment": "nobody"}, "$", "unknown_segment"),
    ],
)
async def test_a_bad_rule_is_refused_where_it_is_bad(
    owner: httpx.AsyncClient, shop: int, rule: dict[str, Any], path: str, code: str
) -> None:
    answer = await owner.post("/console/api/segments", json={"name": "坏", "rule": rule})
    assert (answer.status_code, answer.json()["code"], answer.json()["path"]) == (422, code, path)
    assert (await owner.get("/console/api/segments")).json()["total"] == 0


async def test_without_the_mirror_figures_wait(owner: httpx.AsyncClient, merchant_id: int) -> None:
    answer = await owner.post("/console/api/segments/preview", json={"rule": {"did": "order"}})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
