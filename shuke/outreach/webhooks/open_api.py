"""Webhooks by API key: which addresses are told who entered and left segments, making and removing one, and a test."""

from __future__ import annotations

import msgspec
from litestar import delete, get, post

from shuke.ground import access
from shuke.insight import segments
from shuke.kit import clock, http
from shuke.kit.db import Database
from shuke.kit.http import Caller
from shuke.outreach.webhooks import policy, queries
from shuke.outreach.webhooks.actions import sending, shaping

MANAGE = [http.requires("webhooks.write")]


class NewHook(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to tell: an https address that the open internet reaches. No `segments`: of all of them."""

    name: str
    url: str
    events: list[str] = msgspec.field(default_factory=lambda: list(policy.EVENTS))
    segments: list[str] = []


class Hooks(msgspec.Struct, frozen=True):
    """All webhooks of the merchant; secrets are never shown again."""

    items: list[queries.ShownWebhook]


class Made(msgspec.Struct, frozen=True):
    """The new webhook, and the secret that signs what it is told: in this answer, and never again."""

    webhook: queries.ShownWebhook
    secret: str


@get("/webhooks", guards=MANAGE)
async def list_webhooks(database: Database, caller: Caller) -> Hooks:
    """推送地址：通知哪些分群、等待和没送到的条数。 The webhooks, with what waits and what was given up."""
    async with database.read(caller.merchant_id) as tx:
        return Hooks(await queries.list_webhooks(tx))


@post(
    "/webhooks",
    guards=MANAGE,
    responses=http.declares(shaping.BadAddress, shaping.BadEvents, segments.NoSuchSegment),
)
async def new_webhook(data: NewHook, database: Database, caller: Caller) -> Made:
    """新建推送地址：会员进入、离开分群时通知。签名密钥只在这里给一次。

    Tell this address who enters (`segment_entered`) and leaves (`segment_left`) segments. Plain http and addresses inside
    a house are refused; the host is looked up once for every call, and the call goes to one of exactly these addresses.
    """
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        for slug in data.segments:
            await segments.get_segment(tx, slug)
        made, secret = await shaping.create_webhook(
            tx, name=data.name, url=data.url, events=data.events, segments=data.segments, at=at, by=caller.name
        )
        after = {"url": made.url, "events": made.events, "segments": made.segments}
        await access.record(tx, caller, "webhook.created", ("webhook", made.name), after=after, at=at)
    return Made(made, secret)


@delete("/webhooks/{webhook_id:int}", guards=MANAGE, responses=http.declares(queries.NoSuchWebhook))
async def remove_webhook(webhook_id: int, database: Database, caller: Caller) -> None:
    """删除推送地址和它的记录，还没发的不再发。 Remove a webhook with its log; what waits is never told."""
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        found = await queries.get_webhook(tx, webhook_id)
        await shaping.delete_webhook(tx, webhook_id)
        before = {"url": found.url, "events": found.events, "segments": found.segments, "state": found.state}
        await access.record(tx, caller, "webhook.deleted", ("webhook", found.name), before=before, at=at)


@post(
    "/webhooks/{webhook_id:int}/test",
    guards=MANAGE,
    status_code=200,
    responses=http.declares(queries.NoSuchWebhook),
)
async def test_webhook(webhook_id: int, database: Database, caller: Caller) -> queries.Delivery:
    """立刻发一条测试通知，返回对方的回应。 Send a test now; the answer is what the other side said."""
    delivery_id = await sending.send_test(database, caller.merchant_id, webhook_id, clock.now())
    async with database.read(caller.merchant_id) as tx:
        return await queries.get_delivery(tx, delivery_id)


routes = [list_webhooks, new_webhook, remove_webhook, test_webhook]
