"""Segments on the console: what a page asks for and what it is told, and every refusal with the path of the bad node."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import httpx
import openpyxl
import pytest

from shuke.doors.context import Context
from shuke.ground import ingestion, mirror
from shuke.kit import clock
from shuke.programs import intake

DORMANT = {"all": [{"did": "order"}, {"did": "order", "window": {"last": "30d"}, "op": "eq", "value": 0}]}


BOUGHT = {"did": "order", "window": {"last": "30d"}}


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
    assert tried.json()["sentence"]["zh"] == "曾下单，并且最近 30 天没有下单"
    made = await owner.post("/console/api/segments", json={"name": "沉睡会员", "rule": DORMANT})
    assert made.status_code == 201, made.text
    assert (made.json()["slug"], made.json()["state"]) == ("chen-shui-hui-yuan", "waiting")
    slug = made.json()["slug"]
    fresh = await owner.post(f"/console/api/segments/{slug}/refresh")
    assert fresh.status_code == 200, fresh.text
    assert (fresh.json()["count"], fresh.json()["state"]) == (1, "ok")
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
    gone = (await owner.get("/console/api/segment-deletions")).json()["items"]
    assert [(one["kind"], one["slug"]) for one in gone] == [("segment", slug)]
    assert (await owner.post(f"/console/api/segments/{slug}/restore")).status_code == 200
    assert len((await owner.get(f"/console/api/segments/{slug}")).json()["versions"]) == 2


async def test_who_was_in_then_comes_in_pages_and_as_a_file(owner: httpx.AsyncClient, shop: int) -> None:
    made = (await owner.post("/console/api/segments", json={"name": "近期买家", "rule": BOUGHT})).json()
    at = (clock.now() - timedelta(days=40)).isoformat()
    then = (await owner.get(f"/console/api/segments/{made['slug']}/then", params={"at": at})).json()
    assert then["count"] == 2
    path = f"/console/api/segments/{made['slug']}/then/members"
    first = (await owner.get(path, params={"at": at, "limit": 1})).json()
    second = (await owner.get(path, params={"at": at, "limit": 1, "cursor": first["next_cursor"]})).json()
    assert (first["total"], len(first["items"]), len(second["items"]), second["next_cursor"]) == (2, 1, 1, None)
    assert {one["member_id"] for one in first["items"] + second["items"]} == {
        one["member_id"] for one in then["sample"]
    }
    for form in ("csv", "xlsx"):
        file = await owner.get(f"/console/api/segments/{made['slug']}/export", params={"at": at, "format": form})
        assert f"-{at[:4]}-" in file.headers["content-disposition"]
        rows = (
            file.text.count("\n") if form == "csv" else openpyxl.load_workbook(io.BytesIO(file.content)).active.max_row
        )
        assert rows == 3


async def test_all_segments_are_counted_anew_on_request(owner: httpx.AsyncClient, shop: int) -> None:
    nothing = await owner.post("/console/api/segment-runs", json={"kind": "proof"})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_to_do")
    made = (await owner.post("/console/api/segments", json={"name": "近期买家", "rule": BOUGHT})).json()
    begun = (await owner.post("/console/api/segment-runs", json={"kind": "recount"})).json()
    assert (begun["state"], begun["total"], begun["now"]) == ("running", 1, made["name"])
    assert (await owner.post("/console/api/segment-runs", json={"kind": "proof"})).json()["code"] == "run_under_way"
    stopped = await owner.post(f"/console/api/segment-runs/{begun['run_id']}/cancel")
    assert stopped.json()["run"]["state"] == "cancelled"


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
        ({"not": {"did": "order", "window": {"last": "30"}}}, "$.not.window.last", "bad_duration"),
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


async def test_a_rule_in_words_that_people_type(owner: httpx.AsyncClient, shop: int) -> None:
    told = (await owner.post("/console/api/segments/text", json={"rule": DORMANT})).json()
    assert told["text"] == "did order\nand did order last 30d : = 0"
    back = (await owner.post("/console/api/segments/text", json={"text": told["text"]})).json()
    assert back["rule"] == DORMANT
    slip = await owner.post("/console/api/segments/text", json={"text": "did order last 30"})
    assert (slip.status_code, slip.json()["code"]) == (422, "bad_text")
    assert "第 1 行第 16 个字" in slip.text


async def test_the_preview_tells_whom_each_condition_keeps_out(owner: httpx.AsyncClient, shop: int) -> None:
    tried = (await owner.post("/console/api/segments/preview", json={"rule": DORMANT})).json()
    assert [(one["path"], one["left"], one["excludes"]) for one in tried["funnel"]] == [
        ("$.all[0]", 2, 0),
        ("$.all[1]", 1, 1),
    ]


async def test_across_time(owner: httpx.AsyncClient, shop: int) -> None:
    made = (await owner.post("/console/api/segments", json={"name": "沉睡", "slug": "quiet", "rule": DORMANT})).json()
    await owner.post("/console/api/segments", json={"name": "最近买过", "slug": "recent", "rule": BOUGHT})
    for slug in ("quiet", "recent"):
        await owner.post(f"/console/api/segments/{slug}/refresh")
    ahead = (await owner.get("/console/api/segments/quiet/forecast", params={"days": 40})).json()
    assert (ahead[0]["count"], ahead[26]["count"], ahead[27]["count"], ahead[40]["count"]) == (1, 1, 2, 2)
    past = (clock.now() - timedelta(days=20)).isoformat()
    was = (await owner.get("/console/api/segments/quiet/then", params={"at": past})).json()
    assert (was["count"], was["now"], was["both"], len(was["sample"])) == (1, 1, 0, 1)
    asked = {"slugs": ["quiet", "recent"], "start": past, "end": clock.now().isoformat()}
    flows = (await owner.post("/console/api/segments/flow", json=asked)).json()["flows"]
    assert flows == [
        {"source": "quiet", "target": "recent", "count": 1}, {"source": "recent", "target": "quiet", "count": 1},
    ]  # fmt: skip
    over = (await owner.post("/console/api/segments/overlap", json={"slugs": ["quiet", "recent"]})).json()
    assert (over["matrix"], over["combinations"]) == ([[1, 0], [0, 1]], [
        {"slugs": ["quiet"], "count": 1}, {"slugs": ["recent"], "count": 1},
    ])  # fmt: skip
    why = (await owner.post("/console/api/segments/explain", json={"slug": "recent", "member_id": 1})).json()
    assert (why["in"], why["next"]["in"], why["leaves"][0]["next"]["in"]) == (True, False, False)
    assert (
        clock.now() + timedelta(days=26) < datetime.fromisoformat(why["next"]["at"]) < clock.now() + timedelta(days=28)
    )
    proof = await owner.post(f"/console/api/segments/{made['slug']}/verify")
    assert proof.json()["difference"] == {"missing": 0, "extra": 0, "sample": []}


async def test_lists_and_files(owner: httpx.AsyncClient, shop: int) -> None:
    kept = await owner.post("/console/api/segment-lists", json={"name": "店庆名单", "lines": ["a", "b", "zzz"]})
    assert kept.status_code == 201, kept.text
    assert (kept.json()["count"], kept.json()["origin"]["unmatched"]) == (2, 1)
    rule = {"all": [{"list": kept.json()["slug"]}, {"not": BOUGHT}]}
    snapshot = await owner.post("/console/api/segment-lists", json={"name": "快照", "rule": rule})
    assert (snapshot.json()["count"], snapshot.json()["origin"]["how"]) == (1, "snapshot")
    assert [one["name"] for one in (await owner.get("/console/api/segment-lists")).json()["items"]] == [
        "快照",
        "店庆名单",
    ]
    assert (await owner.delete(f"/console/api/segment-lists/{snapshot.json()['slug']}")).status_code == 204
    await owner.post("/console/api/segments", json={"name": "名单里", "slug": "listed", "rule": rule})
    await owner.post("/console/api/segments/listed/refresh")
    book = await owner.get("/console/api/segments/listed/export", params={"format": "xlsx"})
    rows = list(openpyxl.load_workbook(io.BytesIO(book.content)).active.values)
    assert (rows[0][0], len(rows)) == ("member_id", 2)
