"""What is to be told is noted with the refresh that caused it, and told by a job, again and again until it is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shuke.ground import members
from shuke.insight import segments
from shuke.kit import jobs
from shuke.kit.db import Database, Tx
from shuke.outreach.webhooks import models, policy, queries
from shuke.outreach.webhooks.actions import calling

AT_ONCE = 40
BESIDE = 8
LEASE = timedelta(minutes=2)
Call = Callable[[str, bytes, Mapping[str, str]], Awaitable[calling.Answered]]
_CLAIM = """
update webhook_delivery d set next_at = %(until)s, tries = d.tries + 1 from (
    select w.delivery_id, h.url, h.secret from webhook_delivery w
    join webhook h on h.merchant_id = w.merchant_id and h.webhook_id = w.webhook_id
    where w.merchant_id = %(merchant_id)s and h.merchant_id = %(merchant_id)s and w.state = 'waiting' and h.state = 'active'
        and w.next_at <= %(now)s order by w.next_at, w.delivery_id limit %(most)s for update of w skip locked
) r where d.merchant_id = %(merchant_id)s and d.delivery_id = r.delivery_id
returning d.delivery_id, d.webhook_id, d.refresh_id, d.event, d.segment, d.after_id, d.at, d.tries, r.url, r.secret
"""
_SETTLE = """
update webhook_delivery d set state = r.state, next_at = r.next_at, sent_at = %(now)s, status = r.status, answer = r.answer,
    ms = r.ms, count = r.count
from json_to_recordset(%(rows)s::json) as r(
    delivery_id bigint, state text, next_at timestamptz, status bigint, answer text, ms bigint, count bigint
) where d.merchant_id = %(merchant_id)s and d.delivery_id = r.delivery_id
"""


async def note(tx: Tx, heard: Sequence[segments.SegmentRefreshed], at: datetime) -> int:
    """Note who is to be told of these refreshes; backfills are told to nobody. Repeatable. One row for each, whoever many."""
    listening = [row for row in await queries.rows(tx) if row.state == "active"]
    wanted = [
        {"webhook_id": row.webhook_id, "refresh_id": one.refresh_id, "event": event, "segment": one.slug, "at": one.at,
         "next_at": at}
        for one in heard if not one.backfill for row in listening
        for event, number in ((policy.ENTERED, one.entered), (policy.LEFT, one.left))
        if number and event in row.events and (not row.segments or one.slug in row.segments)
    ]  # fmt: skip
    if not wanted:
        return 0
    ids = await tx.fresh_ids(len(wanted))
    rows = [{"delivery_id": number} | one for number, one in zip(ids, wanted, strict=True)]
    await tx.insert(models.WebhookDelivery, rows, conflict="ignore")
    await jobs.wake(tx, policy.WORK, at)
    return len(rows)


async def send_due(database: Database, merchant_id: int, at: datetime, call: Call = calling.post) -> int:
    """Tell what is due, at most forty at once; how many. What is not heard is due again later, at last it is given up.

    A telling is claimed before and settled after the call, so that two workers never tell the same at once; one that was lost
    between the two is told again: the other side knows it by its id.
    """
    async with database.write(merchant_id) as tx:
        claimed = await tx.rows(_CLAIM, now=at, until=at + LEASE, most=AT_ONCE)
    if not claimed:
        return 0
    async with database.read(merchant_id) as tx:
        told = {row.delivery_id: await _told(tx, row) for row in claimed}
    beside = asyncio.Semaphore(BESIDE)

    async def one(row: Any) -> dict[str, Any]:
        async with beside:
            return await _tell(row, told[row.delivery_id], at, call)

    outcomes = await asyncio.gather(*(one(row) for row in claimed))
    async with database.write(merchant_id) as tx:
        await tx.run(_SETTLE, rows=msgspec.json.encode(outcomes).decode(), now=at)
        await _go_on(tx, claimed, told, at)
        await tx.run(
            "delete from webhook_delivery where merchant_id = %(merchant_id)s and state <> 'waiting' and at < %(since)s",
            since=at - policy.KEPT,
        )
    return len(claimed)


async def body_of(tx: Tx, delivery_id: int) -> bytes:
    """What is sent with a telling, byte for byte, as it would be sent now; refuses `NoSuchDelivery`."""
    row = await tx.one(
        "select delivery_id, refresh_id, event, segment, after_id, at from webhook_delivery "
        "where merchant_id = %(merchant_id)s and delivery_id = %(delivery_id)s",
        delivery_id=delivery_id,
    )
    if row is None:
        raise queries.NoSuchDelivery(delivery_id)
    return policy.body(await _told(tx, row))


async def _told(tx: Tx, row: Any) -> dict[str, Any]:
    """The body of a telling, the same however often it is made."""
    if row.event == policy.TEST:
        return {
            "id": str(row.delivery_id),
            "event": row.event,
            "at": row.at,
            "segment": None,
            "members": [],
            "more": False,
        }
    asked = segments.entered if row.event == policy.ENTERED else segments.left
    numbers = await asked(tx, row.refresh_id, row.after_id, policy.PAGE)
    outside = await members.outside_ids(tx, numbers)
    names = await segments.names(tx, [row.segment])
    return {
        "id": str(row.delivery_id), "event": row.event, "at": row.at,
        "segment": {"slug": row.segment, "name": names.get(row.segment, row.segment)},
        "members": [{"member_id": number, "external_ids": outside.get(number, [])} for number in numbers],
        "more": len(numbers) == policy.PAGE,
    }  # fmt: skip


async def _tell(row: Any, told: dict[str, Any], at: datetime, call: Call) -> dict[str, Any]:
    body = policy.body(told)
    settled = {
        "delivery_id": row.delivery_id,
        "count": len(told["members"]),
        "status": None,
        "ms": None,
        "next_at": None,
    }
    headers = {
        "Shuke-Event": row.event, "Shuke-Delivery": str(row.delivery_id),
        "Shuke-Signature": policy.signature(row.secret, int(at.timestamp()), body),
    }  # fmt: skip
    try:
        answered = await call(row.url, body, headers)
    except calling.CannotCall as error:
        return settled | _later(row, at) | {"answer": str(error)}
    said = {"status": answered.status, "answer": answered.text, "ms": answered.ms}
    return settled | said | ({"state": "done"} if answered.ok else _later(row, at))


def _later(row: Any, at: datetime) -> dict[str, Any]:
    wait = None if row.event == policy.TEST else policy.pause(row.tries)
    return {"state": "failed"} if wait is None else {"state": "waiting", "next_at": at + wait}


async def _go_on(tx: Tx, claimed: Sequence[Any], told: Mapping[int, dict[str, Any]], at: datetime) -> None:
    """The next page of every telling that did not hold all members; pages are heard independently of each other."""
    going = [row for row in claimed if told[row.delivery_id]["more"]]
    if not going:
        return
    ids = await tx.fresh_ids(len(going))
    await tx.insert(models.WebhookDelivery, [
        {"delivery_id": number, "webhook_id": row.webhook_id, "refresh_id": row.refresh_id, "event": row.event,
         "segment": row.segment, "after_id": told[row.delivery_id]["members"][-1]["member_id"], "at": row.at, "next_at": at}
        for number, row in zip(ids, going, strict=True)
    ], conflict="ignore")  # fmt: skip


async def send_test(
    database: Database, merchant_id: int, webhook_id: int, at: datetime, call: Call = calling.post
) -> int:
    """Tell the address at once that this is a test; the number of the telling, whose outcome is in the log."""
    async with database.write(merchant_id) as tx:
        await queries.get_webhook(tx, webhook_id)
        row = await tx.one(
            "select url, secret from webhook where merchant_id = %(merchant_id)s and webhook_id = %(webhook_id)s",
            webhook_id=webhook_id,
        )
        [delivery_id] = await tx.fresh_ids(1)
        await tx.insert(models.WebhookDelivery, [
            {"delivery_id": delivery_id, "webhook_id": webhook_id, "refresh_id": delivery_id, "event": policy.TEST,
             "segment": "", "at": at, "tries": 1}
        ])  # fmt: skip
    assert row is not None
    made = queries.Test(delivery_id, policy.TEST, at, row.url, row.secret, 1)
    async with database.read(merchant_id) as tx:
        told = await _told(tx, made)
    outcome = await _tell(made, told, at, call)
    async with database.write(merchant_id) as tx:
        await tx.run(_SETTLE, rows=msgspec.json.encode([outcome]).decode(), now=at)
    return delivery_id
