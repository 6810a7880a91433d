"""Webhooks: who entered and left is told once, signed, again until it is heard, and shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shuke.ground import access
from shuke.insight import segments
from shuke.kit.db import Database
from shuke.outreach import webhooks
from shuke.outreach.webhooks import policy, queries
from shuke.outreach.webhooks.actions import sending, shaping
from tests.conftest import make_merchant
from tests.outreach import seats

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
URL = "https://erp.example.com/hooks"
INTERNAL = "10.0.0.8"


class Other:
    """The other system: hears, and answers with the next status it was given."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.heard: list[tuple[Mapping[str, str], dict[str, Any]]] = []

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> webhooks.Answered:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            raise webhooks.CannotCall("unreachable")
        told = json.loads(body)
        timestamp = int(headers["Shuke-Signature"].split(",")[0].removeprefix("t="))
        assert headers["Shuke-Signature"] == webhooks.signature(self.secret, timestamp, body)
        self.heard.append((headers, told))
        return webhooks.Answered(status, "", 3)

    secret = ""


async def hook(database: Database, merchant_id: int, other: Other, **given: Any) -> int:
    wanted = {"name": "进销存", "url": URL, "events": list(policy.EVENTS), "segments": []} | given
    async with database.write(merchant_id) as tx:
        made, other.secret = await webhooks.create_webhook(tx, **wanted, at=NOW)
    return made.webhook_id


async def log(database: Database, merchant_id: int, webhook_id: int) -> list[queries.Delivery]:
    async with database.read(merchant_id) as tx:
        return await queries.deliveries(tx, webhook_id, None, 50)


async def flip(
    database: Database, merchant_id: int, slug: str, members: list[int], at: datetime = NOW, **given: Any
) -> Any:
    """The segment holds these members; whoever follows hears of it."""
    async with database.write(merchant_id) as tx:
        if await segments.find_segment(tx, slug) is None:
            await seats.new_segment(tx, slug, at)
        told = await seats.seat(tx, slug, members, at, **given)
    async with database.write(merchant_id) as tx:
        await sending.note(tx, [told], at)
    return told


async def test_who_enters_and_leaves_is_told_signed_and_once(database: Database, merchant_id: int) -> None:
    other = Other()
    webhook_id = await hook(database, merchant_id, other)
    told = await flip(database, merchant_id, "vip", [1, 2])
    async with database.write(merchant_id) as tx:
        assert await sending.note(tx, [told], NOW) == 1  # heard again: noted under the same key
    assert await webhooks.send_due(database, merchant_id, NOW, other) == 1
    assert await webhooks.send_due(database, merchant_id, NOW, other) == 0
    await flip(database, merchant_id, "vip", [2, 3], NOW + timedelta(minutes=1))
    assert await webhooks.send_due(database, merchant_id, NOW + timedelta(minutes=1), other) == 2
    heard = [(told["event"], [one["member_id"] for one in told["members"]]) for _, told in other.heard]
    assert heard[0] == ("segment_entered", [1, 2])
    assert sorted(heard[1:]) == [("segment_entered", [3]), ("segment_left", [1])]
    headers, body = other.heard[0]
    assert body["segment"] == {"slug": "vip", "name": "分群 vip"} and headers["Shuke-Delivery"] == body["id"]
    assert [one.state for one in await log(database, merchant_id, webhook_id)] == ["done"] * 3


async def test_a_backfill_and_what_nobody_asked_for_is_told_to_nobody(database: Database, merchant_id: int) -> None:
    other = Other()
    await hook(database, merchant_id, other, events=["segment_left"], segments=["vip"])
    await flip(database, merchant_id, "vip", [1])
    await flip(database, merchant_id, "new", [1, 2])
    await flip(database, merchant_id, "vip", [], backfill=True)
    assert await webhooks.send_due(database, merchant_id, NOW, other) == 0


async def test_what_is_not_heard_is_told_again_later_and_given_up_at_last(database: Database, merchant_id: int) -> None:
    other = Other(500, 0, 302, 404, 500, 500, 500, 500)
    webhook_id = await hook(database, merchant_id, other)
    await flip(database, merchant_id, "vip", [1])
    at = NOW
    for number, wait in enumerate(policy.PAUSES, 1):
        assert await webhooks.send_due(database, merchant_id, at, other) == 1
        [one] = await log(database, merchant_id, webhook_id)
        assert (one.state, one.tries, one.next_at) == ("waiting", number, at + wait)
        assert await webhooks.send_due(database, merchant_id, at + wait - timedelta(seconds=1), other) == 0
        at += wait
    await webhooks.send_due(database, merchant_id, at, other)
    [one] = await log(database, merchant_id, webhook_id)
    assert (one.state, one.status, one.next_at) == ("failed", 500, None)
    async with database.write(merchant_id) as tx:
        await shaping.try_again(tx, one.delivery_id, at)
    assert await webhooks.send_due(database, merchant_id, at, other) == 1
    [one] = await log(database, merchant_id, webhook_id)
    assert (one.state, one.status, one.count) == ("done", 200, 1)


async def test_the_log_shows_what_is_asked_for_and_the_body_that_was_sent(database: Database, merchant_id: int) -> None:
    other = Other(200, 500)
    webhook_id = await hook(database, merchant_id, other)
    await flip(database, merchant_id, "vip", [1, 2])
    await webhooks.send_due(database, merchant_id, NOW, other)
    await flip(database, merchant_id, "vip", [2], NOW + timedelta(minutes=1))
    await webhooks.send_due(database, merchant_id, NOW + timedelta(minutes=1), other)
    async with database.read(merchant_id) as tx:
        done = await queries.deliveries(tx, webhook_id, None, 9, state="done")
        left = await queries.deliveries(tx, webhook_id, None, 9, event="segment_left")
        assert [(one.event, one.state) for one in (*done, *left)] == [
            ("segment_entered", "done"), ("segment_left", "waiting"),
        ]  # fmt: skip
        assert await queries.deliveries(tx, webhook_id, None, 9, state="done", event="segment_left") == []
        assert json.loads(await sending.body_of(tx, done[0].delivery_id)) == other.heard[0][1]
        assert await queries.get_delivery(tx, left[0].delivery_id) == left[0]
        with pytest.raises(queries.NoSuchDelivery):
            await sending.body_of(tx, 1)


async def test_a_crowd_is_told_in_pages(database: Database, merchant_id: int) -> None:
    other = Other()
    await hook(database, merchant_id, other)
    await flip(database, merchant_id, "everyone", list(range(1, 1_202)))
    while await webhooks.send_due(database, merchant_id, NOW, other):
        continue
    pages = [[one["member_id"] for one in told["members"]] for _, told in other.heard]
    assert [len(page) for page in pages] == [500, 500, 201]
    assert [member for page in pages for member in page] == list(range(1, 1_202))
    assert [told["more"] for _, told in other.heard] == [True, True, False]


async def test_two_workers_do_not_tell_the_same(database: Database, merchant_id: int) -> None:
    """What one has claimed is not due for the other; what a lost worker claimed is due again after its lease."""
    other, slow = Other(), Other()
    await hook(database, merchant_id, other)
    slow.secret = other.secret
    await flip(database, merchant_id, "vip", [1])

    async def meanwhile(url: str, body: bytes, headers: Mapping[str, str]) -> webhooks.Answered:
        assert await webhooks.send_due(database, merchant_id, NOW, other) == 0
        raise RuntimeError("the worker dies")

    with pytest.raises(RuntimeError):
        await webhooks.send_due(database, merchant_id, NOW, meanwhile)
    assert await webhooks.send_due(database, merchant_id, NOW + sending.LEASE, other) == 1


async def test_a_paused_webhook_hears_nothing_new(database: Database, merchant_id: int) -> None:
    other = Other()
    webhook_id = await hook(database, merchant_id, other)
    async with database.write(merchant_id) as tx:
        await shaping.change_webhook(
            tx, webhook_id, name="进销存", url=URL, events=["segment_entered"], segments=[], paused=True
        )
    await flip(database, merchant_id, "vip", [1])
    assert await webhooks.send_due(database, merchant_id, NOW, other) == 0


async def test_a_webhook_of_before_the_rule_can_be_paused_and_mended(database: Database, merchant_id: int) -> None:
    """An http address written earlier is never called again; it can be paused as it is, and changed for the better only."""
    webhook_id = await hook(database, merchant_id, Other())
    same: dict[str, Any] = {"name": "进销存", "events": ["segment_entered"], "segments": [], "paused": True}
    async with database.write(merchant_id) as tx:
        await tx.run("update webhook set url = 'http://erp.example.com/hooks' where merchant_id = %(merchant_id)s")
        shown = await shaping.change_webhook(tx, webhook_id, url="http://erp.example.com/hooks", **same)
        assert (shown.state, shown.url) == ("paused", "http://erp.example.com/hooks")
        with pytest.raises(webhooks.BadAddress):
            await shaping.change_webhook(tx, webhook_id, url="http://erp.example.com/other", **same)


async def test_the_console_makes_tests_and_removes_them(owner: httpx.AsyncClient) -> None:
    wanted = {"name": "进销存", "url": f"https://{INTERNAL}/hooks", "events": ["segment_entered"]}
    refused = await owner.post("/console/api/webhooks", json=wanted)
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, "bad_webhook_address", "url")
    for url in (
        "ftp://a.example/x",
        "https://me:pw@a.example/",
        "https://localhost/x",
        "https://erp.internal/x",
        "http://a b",
        "http://erp.example.com/hooks",
    ):
        assert (await owner.post("/console/api/webhooks", json=wanted | {"url": url})).status_code == 422
    none = await owner.post("/console/api/webhooks", json=wanted | {"url": URL, "events": []})
    assert none.json()["field"] == "events"
    assert (await owner.get("/console/api/webhooks")).json()["items"] == []
    made = (
        await owner.post("/console/api/webhooks", json=wanted | {"url": "https://shuke-webhooks.invalid/hooks"})
    ).json()
    number = made["webhook"]["webhook_id"]
    assert made["secret"].startswith("whsec_")
    assert "secret" not in (await owner.get("/console/api/webhooks")).json()["items"][0]
    tried = (await owner.post(f"/console/api/webhooks/{number}/test")).json()
    assert (tried["event"], tried["state"], tried["status"]) == ("test", "failed", None)
    assert tried["answer"] == "unknown_host"
    listed = (await owner.get(f"/console/api/webhooks/{number}/deliveries")).json()["items"]
    assert [one["delivery_id"] for one in listed] == [tried["delivery_id"]]
    done = await owner.get(f"/console/api/webhooks/{number}/deliveries", params={"state": "done", "event": "test"})
    assert done.json()["items"] == []
    shown = (await owner.get(f"/console/api/webhook-deliveries/{tried['delivery_id']}")).json()
    assert (shown["delivery"], json.loads(shown["body"])["event"]) == (tried, "test")
    assert (await owner.get("/console/api/webhook-deliveries/1")).json()["code"] == "no_such_delivery"
    assert (await owner.delete(f"/console/api/webhooks/{number}")).status_code == 204
    assert (await owner.get(f"/console/api/webhooks/{number}/deliveries")).status_code == 404


async def test_a_segment_that_a_webhook_names_is_not_deleted(database: Database, merchant_id: int) -> None:
    await hook(database, merchant_id, Other(), segments=["vip"])
    async with database.write(merchant_id) as tx:
        await seats.new_segment(tx, "vip", NOW)
    with pytest.raises(segments.SegmentInUse) as refused:
        async with database.write(merchant_id) as tx:
            await segments.delete_segment(tx, "vip")
    assert [(use.kind, use.name) for use in refused.value.uses] == [("webhook", "进销存")]


async def test_a_key_with_the_right_makes_lists_tests_and_removes_them(
    client: httpx.AsyncClient, owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    async with database.write(merchant_id) as tx:
        await seats.new_segment(tx, "vip", NOW)
        _, hooks = await access.create_key(tx, "客服系统", ["webhooks"], NOW)
        _, reads = await access.create_key(tx, "报表", ["read"], NOW)
    stranger = await make_merchant(database)
    async with database.write(stranger) as tx:
        _, other = await access.create_key(tx, "别家", ["webhooks"], NOW)
    key, weak, theirs = ({"Authorization": f"Bearer {one}"} for one in (hooks, reads, other))
    wanted = {"name": "客服系统", "url": "https://shuke-webhooks.invalid/hooks", "segments": ["vip"]}
    assert (await client.post("/v1/webhooks", json=wanted, headers=weak)).status_code == 403
    for field, given, code in (
        ("url", "ftp://erp.example.com/hooks", "bad_webhook_address"), ("url", f"https://{INTERNAL}/", "bad_webhook_address"),
        ("events", [], "bad_webhook"), ("segments", ["gone"], "no_such_segment"),
    ):  # fmt: skip
        refused = await client.post("/v1/webhooks", json=wanted | {field: given}, headers=key)
        assert refused.json()["code"] == code, refused.text
    assert (await client.get("/v1/webhooks", headers=key)).json()["items"] == []
    made = (await client.post("/v1/webhooks", json=wanted, headers=key)).json()
    assert made["secret"].startswith("whsec_")
    assert made["webhook"]["events"] == ["segment_entered", "segment_left"]
    number = made["webhook"]["webhook_id"]
    assert [one["name"] for one in (await client.get("/v1/webhooks", headers=key)).json()["items"]] == ["客服系统"]
    assert "secret" not in (await client.get("/v1/webhooks", headers=key)).text
    tried = (await client.post(f"/v1/webhooks/{number}/test", headers=key)).json()
    assert (tried["event"], tried["state"] == "done") == ("test", False)
    for call in (
        client.post(f"/v1/webhooks/{number}/test", headers=theirs),
        client.delete(f"/v1/webhooks/{number}", headers=theirs),
    ):
        assert (await call).json()["code"] == "no_such_webhook"
    assert (await client.delete(f"/v1/webhooks/{number}", headers=key)).status_code == 204
    assert (await client.get("/v1/webhooks", headers=key)).json()["items"] == []
    trail = (await owner.get("/console/api/audit-trail", params={"action": "webhook"})).json()["items"]
    assert [one["action"] for one in trail] == ["webhook.deleted", "webhook.created"]
