"""Questions about webhooks: the list, the log of what was told, and who uses a segment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from shuke.kit import errors, references
from shuke.kit.db import Tx


class NoSuchWebhook(errors.NotFound):
    """There is no webhook {webhook_id}."""

    code = "no_such_webhook"
    zh = "没有编号为 {webhook_id} 的推送地址。"

    def __init__(self, webhook_id: int) -> None:
        super().__init__(webhook_id=webhook_id)


class NoSuchDelivery(errors.NotFound):
    """There is no delivery {delivery_id}."""

    code = "no_such_delivery"
    zh = "没有编号为 {delivery_id} 的推送记录。"

    def __init__(self, delivery_id: int) -> None:
        super().__init__(delivery_id=delivery_id)


class Test(NamedTuple):
    """A telling that is only a test."""

    delivery_id: int
    event: str
    at: datetime
    url: str
    secret: str
    tries: int


class ShownWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as staff see it; the secret is shown once, when it is made."""

    webhook_id: int
    name: str
    url: str
    events: list[str]
    segments: list[str]
    state: str
    created_at: datetime
    created_by: str
    waiting: int = 0
    failed: int = 0
    heard_at: datetime | None = None
    last_status: int | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One telling: what, when, how often it was tried and what the other side said."""

    delivery_id: int
    event: str
    segment: str
    at: datetime
    state: str
    tries: int
    next_at: datetime | None
    sent_at: datetime | None
    count: int
    status: int | None
    answer: str
    ms: int | None


_SHOWN = """
select h.webhook_id, h.name, h.url, h.events, h.segments, h.state, h.created_at, h.created_by,
    coalesce(d.waiting, 0) as waiting, coalesce(d.failed, 0) as failed, d.heard_at, d.last_status
from webhook h left join (
    select webhook_id, count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'failed') as failed,
        max(sent_at) filter (where state = 'done') as heard_at,
        (array_agg(status order by sent_at desc nulls last))[1] as last_status
    from webhook_delivery where merchant_id = %(merchant_id)s group by webhook_id
) d on d.webhook_id = h.webhook_id where h.merchant_id = %(merchant_id)s
"""


async def rows(tx: Tx) -> list[Any]:
    """All webhooks as rows, with what waits and what was given up."""
    return await tx.rows(f"{_SHOWN} order by h.webhook_id")


async def list_webhooks(tx: Tx) -> list[ShownWebhook]:
    """All webhooks, the oldest first; one statement."""
    return [ShownWebhook(**row._asdict()) for row in await rows(tx)]


async def get_webhook(tx: Tx, webhook_id: int) -> ShownWebhook:
    """One webhook; refuses `NoSuchWebhook`."""
    row = await tx.one(f"{_SHOWN} and h.webhook_id = %(webhook_id)s", webhook_id=webhook_id)
    if row is None:
        raise NoSuchWebhook(webhook_id)
    return ShownWebhook(**row._asdict())


_LOGGED = "select delivery_id, event, segment, at, state, tries, next_at, sent_at, count, status, answer, ms from webhook_delivery "


async def deliveries(
    tx: Tx, webhook_id: int, before: int | None, limit: int, *, state: str | None = None, event: str | None = None
) -> list[Delivery]:
    """The log, the latest first; of one state or one event only, where asked. An unknown state or event has none."""
    found = await tx.rows(
        f"{_LOGGED} where merchant_id = %(merchant_id)s and webhook_id = %(webhook_id)s "
        "and (%(before)s::bigint is null or delivery_id < %(before)s) and (%(state)s::text is null or state = %(state)s) "
        "and (%(event)s::text is null or event = %(event)s) order by delivery_id desc limit %(limit)s",
        webhook_id=webhook_id, before=before, limit=limit, state=state, event=event,
    )  # fmt: skip
    return [Delivery(**row._asdict()) for row in found]


async def get_delivery(tx: Tx, delivery_id: int) -> Delivery:
    """One telling; refuses `NoSuchDelivery`."""
    row = await tx.one(
        f"{_LOGGED} where merchant_id = %(merchant_id)s and delivery_id = %(delivery_id)s", delivery_id=delivery_id
    )
    if row is None:
        raise NoSuchDelivery(delivery_id)
    return Delivery(**row._asdict())


async def next_due(tx: Tx) -> datetime | None:
    """When the next telling is due, or None."""
    return await tx.value(
        "select min(w.next_at) from webhook_delivery w join webhook h on h.merchant_id = w.merchant_id "
        "and h.webhook_id = w.webhook_id where w.merchant_id = %(merchant_id)s and h.merchant_id = %(merchant_id)s "
        "and w.state = 'waiting' and h.state = 'active'"
    )


async def using_segments(tx: Tx, slugs: Sequence[str]) -> list[tuple[str, references.Use]]:
    """The webhooks that name one of these segments, with the segment."""
    return [
        (slug, references.Use("webhook", str(row.webhook_id), row.name))
        for row in await tx.rows(
            "select webhook_id, name, segments from webhook where merchant_id = %(merchant_id)s order by 1"
        )
        for slug in slugs
        if slug in row.segments
    ]
