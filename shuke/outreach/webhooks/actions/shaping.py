"""Webhooks come into being, change and go."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from shuke.kit import errors, jobs
from shuke.kit.db import Tx
from shuke.outreach.webhooks import models, policy, queries
from shuke.outreach.webhooks.actions import calling

_INSIDE = ("不能发到内网地址", "it is inside a house")
_PLAIN = ("发到外网要以 https:// 开头", "outside the house it must begin with https://")


class BadAddress(errors.Refused):
    """This address cannot be used: {reason_en}."""

    code = "bad_webhook_address"
    http_status = 422
    zh = "这个地址用不了：{reason}。"
    cure = "Give an https address that the open internet can reach."
    cure_zh = "请填一个外网能访问的 https 地址。"


class BadEvents(errors.Refused):
    """Say which events are to be told, and give the webhook a name."""

    code = "bad_webhook"
    http_status = 422
    zh = "请填名称，并至少选一种要通知的事。"
    cure = "Name it, and choose entering, leaving or both."
    cure_zh = "请填名称，选「进入」或「离开」，或都选。"


async def create_webhook(
    tx: Tx, *, name: str, url: str, events: Sequence[str], segments: Sequence[str], at: datetime, by: str = ""
) -> tuple[queries.ShownWebhook, str]:
    """A new address to tell, with the secret that signs; told of what happens from now on. Refuses `BadAddress`, `BadEvents`."""
    [webhook_id] = await tx.fresh_ids(1)
    secret = f"whsec_{secrets.token_urlsafe(30)}"
    await tx.insert(models.Webhook, [
        {"webhook_id": webhook_id, "name": _named(name), "url": checked(url), "secret": secret, "events": _known(events),
         "segments": list(dict.fromkeys(segments)), "created_at": at, "created_by": by}
    ])  # fmt: skip
    return await queries.get_webhook(tx, webhook_id), secret


async def change_webhook(
    tx: Tx, webhook_id: int, *, name: str, url: str, events: Sequence[str], segments: Sequence[str], paused: bool
) -> queries.ShownWebhook:
    """Reword it, pause it, or let it go on; what waits is told at the new address. Refuses as `create_webhook`.

    An address that stays as it was is not judged again, so that one from before a rule can still be paused.
    """
    known = (await queries.get_webhook(tx, webhook_id)).url
    address = known if url.strip() == known else checked(url)
    await tx.run(
        "update webhook set name = %(name)s, url = %(url)s, events = %(events)s::jsonb, segments = %(segments)s::jsonb, "
        "state = %(state)s where merchant_id = %(merchant_id)s and webhook_id = %(webhook_id)s",
        name=_named(name), url=address, events=policy.body(_known(events)).decode(), webhook_id=webhook_id,
        segments=policy.body(list(dict.fromkeys(segments))).decode(), state="paused" if paused else "active",
    )  # fmt: skip
    return await queries.get_webhook(tx, webhook_id)


async def renew_secret(tx: Tx, webhook_id: int) -> str:
    """A fresh secret; the old one signs no more from this moment."""
    await queries.get_webhook(tx, webhook_id)
    secret = f"whsec_{secrets.token_urlsafe(30)}"
    await tx.run(
        "update webhook set secret = %(secret)s where merchant_id = %(merchant_id)s and webhook_id = %(webhook_id)s",
        secret=secret, webhook_id=webhook_id,
    )  # fmt: skip
    return secret


async def delete_webhook(tx: Tx, webhook_id: int) -> None:
    """Remove it with its log; what waits is never told."""
    await queries.get_webhook(tx, webhook_id)
    for table in ("webhook_delivery", "webhook"):
        await tx.run(
            f"delete from {table} where merchant_id = %(merchant_id)s and webhook_id = %(webhook_id)s",
            webhook_id=webhook_id,
        )


async def try_again(tx: Tx, delivery_id: int, at: datetime) -> None:
    """Tell once more what was given up or is done, soon, and if need be as often as the first time."""
    done = await tx.run(
        "update webhook_delivery set state = 'waiting', tries = 0, next_at = %(at)s where merchant_id = %(merchant_id)s "
        "and delivery_id = %(delivery_id)s",
        at=at, delivery_id=delivery_id,
    )  # fmt: skip
    if not done:
        raise queries.NoSuchDelivery(delivery_id)
    await jobs.wake(tx, policy.WORK, at)


def checked(url: str) -> str:
    """An address that may be used as far as it can be told from its writing; refuses `BadAddress`."""
    written = url.strip()
    found = policy.flaw(written, plain=calling.has_networks()) or _misplaced(written)
    if found is not None:
        raise BadAddress(field="url", reason=found[0], reason_en=found[1])
    return written


def _misplaced(written: str) -> tuple[str, str] | None:
    """What is wrong with where an address leads, as far as its writing says it; a name is judged again when it is called."""
    parts = urlsplit(written)
    host = parts.hostname or ""
    if host.replace(".", "").isdigit() or ":" in host:
        plain = parts.scheme != "https" and not calling.is_allowed(host, secure=False)
        return _INSIDE if not calling.is_allowed(host) else _PLAIN if plain else None
    return _INSIDE if policy.is_inside(host) and not calling.has_networks() else None


def _named(name: str) -> str:
    text = name.strip()
    if not 0 < len(text) <= 100:
        raise BadEvents(field="name")
    return text


def _known(events: Sequence[str]) -> list[str]:
    chosen = [event for event in policy.EVENTS if event in events]
    if not chosen or set(events) - set(policy.EVENTS):
        raise BadEvents(field="events")
    return chosen
