"""Webhooks on the console: addresses, secrets, the log, once more, and a test."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import QueryParameter

from shuke.ground import access
from shuke.kit import clock, http, paging
from shuke.kit.db import Database
from shuke.outreach.webhooks import queries
from shuke.outreach.webhooks.actions import sending, shaping

MANAGE = [http.requires("keys.write")]


class WebhookShape(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to tell of what; no segments means all of them."""

    name: str
    url: str
    events: list[str]
    segments: list[str] = []
    paused: bool = False


@get("/webhooks", guards=MANAGE)
async def list_webhooks(request: Request, database: Database) -> paging.Page:
    """All webhooks with what waits and what was given up."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await queries.list_webhooks(tx)
    return paging.Page(items=found, total=len(found))


@post("/webhooks", guards=MANAGE)
async def new_webhook(request: Request, database: Database, data: WebhookShape) -> dict[str, Any]:
    """Create a webhook; the secret is in this answer and never again."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        made, secret = await shaping.create_webhook(
            tx, name=data.name, url=data.url, events=data.events, segments=data.segments, at=at, by=caller.name
        )
        after = {"url": made.url, "events": made.events, "segments": made.segments}
        await access.record(tx, caller, "webhook.created", ("webhook", made.name), after=after, at=at)
    return {"webhook": made, "secret": secret}


@put("/webhooks/{webhook_id:int}", guards=MANAGE)
async def change_webhook(
    request: Request, database: Database, webhook_id: int, data: WebhookShape
) -> queries.ShownWebhook:
    """Reword, pause or go on."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await queries.get_webhook(tx, webhook_id)
        after = await shaping.change_webhook(
            tx, webhook_id, name=data.name, url=data.url, events=data.events, segments=data.segments, paused=data.paused
        )
        await access.record(
            tx, caller, "webhook.changed", ("webhook", after.name), before=_told(before), after=_told(after), at=at
        )
    return after


def _told(webhook: queries.ShownWebhook) -> dict[str, Any]:
    return {"url": webhook.url, "events": webhook.events, "segments": webhook.segments, "state": webhook.state}


@delete("/webhooks/{webhook_id:int}", guards=MANAGE)
async def remove_webhook(request: Request, database: Database, webhook_id: int) -> None:
    """Delete a webhook with its log."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await queries.get_webhook(tx, webhook_id)
        await shaping.delete_webhook(tx, webhook_id)
        await access.record(tx, caller, "webhook.deleted", ("webhook", before.name), before=_told(before), at=at)


@post("/webhooks/{webhook_id:int}/secret", guards=MANAGE, status_code=200)
async def renew_secret(request: Request, database: Database, webhook_id: int) -> dict[str, str]:
    """A fresh secret; shown once."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        found = await queries.get_webhook(tx, webhook_id)
        secret = await shaping.renew_secret(tx, webhook_id)
        await access.record(tx, caller, "webhook.renewed", ("webhook", found.name), at=at)
    return {"secret": secret}


@get("/webhooks/{webhook_id:int}/deliveries", guards=MANAGE)
async def list_deliveries(
    request: Request, database: Database, webhook_id: int, cursor: str | None = None, limit: int | None = None,
    shown: Annotated[str | None, QueryParameter(name="state")] = None, event: str | None = None,
) -> paging.Page:  # fmt: skip
    """What was told and what was answered, the latest first; of one state or one event only, where asked."""
    size, place = paging.limited(limit), paging.decode(cursor, 1)
    async with database.read(http.caller_of(request).merchant_id) as tx:
        await queries.get_webhook(tx, webhook_id)
        found = await queries.deliveries(
            tx, webhook_id, place[0] if place else None, size + 1, state=shown, event=event
        )
    return paging.page(found, size, lambda one: [one.delivery_id])


class Told(msgspec.Struct, frozen=True):
    """One telling, and the JSON that is sent with it, byte for byte."""

    delivery: queries.Delivery
    body: str


@get("/webhook-deliveries/{delivery_id:int}", guards=MANAGE)
async def get_delivery(request: Request, database: Database, delivery_id: int) -> Told:
    """One telling with the body that is sent and the answer."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        delivery = await queries.get_delivery(tx, delivery_id)
        return Told(delivery, (await sending.body_of(tx, delivery_id)).decode())


@post("/webhook-deliveries/{delivery_id:int}/again", guards=MANAGE, status_code=200)
async def again(request: Request, database: Database, delivery_id: int) -> None:
    """Tell once more, within a second or two."""
    async with database.write(http.caller_of(request).merchant_id) as tx:
        await shaping.try_again(tx, delivery_id, clock.now())


@post("/webhooks/{webhook_id:int}/test", guards=MANAGE, status_code=200)
async def test(request: Request, database: Database, webhook_id: int) -> queries.Delivery:
    """Send a test now; the answer is what the other side said."""
    merchant_id = http.caller_of(request).merchant_id
    delivery_id = await sending.send_test(database, merchant_id, webhook_id, clock.now())
    async with database.read(merchant_id) as tx:
        [told] = await queries.deliveries(tx, webhook_id, delivery_id + 1, 1)
    return told


routes = [
    list_webhooks, new_webhook, change_webhook, remove_webhook, renew_secret, list_deliveries, get_delivery, again,
    test,
]  # fmt: skip
