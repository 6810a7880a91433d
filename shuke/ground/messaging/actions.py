"""Verbs of messaging: send many messages, each with its own verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from shuke.ground import members
from shuke.ground.messaging import models, policy
from shuke.ground.messaging.channels import Reach, sandbox
from shuke.ground.messaging.events import MessagesSent
from shuke.kit.db import Tx


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One message to send: a template and what fills it. `channel` is a code or `auto`; `key` is permanent."""

    key: str
    member_id: int
    content: policy.Content
    values: Mapping[str, str] = {}
    channel: str = policy.AUTO
    journey_id: int | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message; `reason` is the code of a refusal. `repeated`: the key was decided before."""

    message_id: int
    channel: str
    state: Literal["sent", "failed", "refused"]
    reason: str | None = None
    repeated: bool = False


def _tell(tx: Tx, sent_to: list[int]) -> None:
    """One announcement for a transaction: whoever hears it reads the messages of the batch, each once."""
    told = next((event for event in tx.announced if isinstance(event, MessagesSent)), None)
    if told is None:
        tx.announce(MessagesSent(member_ids=sent_to))
    else:
        told.member_ids.extend(sent_to)


async def send(tx: Tx, drafts: Sequence[Draft], at: datetime) -> list[Verdict]:
    """Send each message once; repeatable by key; a fixed number of statements for any number of drafts.

    A member who has not agreed, has declined or cannot be reached is not an error: the verdict says so and the log
    keeps it. Refuses unknown channels and placeholders before anything is written.
    """
    if not drafts:
        return []
    for content, channel in {(draft.content, draft.channel) for draft in drafts}:
        policy.check(channel, content)
    known = await _decided(tx, [draft.key for draft in drafts])
    fresh = list({draft.key: draft for draft in drafts if draft.key not in known}.values())
    reaches = await _reach(tx, sorted({draft.member_id for draft in fresh}))
    ids = await tx.fresh_ids(len(fresh))
    rows = [
        _row(tx, draft, message_id, reaches.get(draft.member_id), at)
        for draft, message_id in zip(fresh, ids, strict=True)
    ]
    await tx.insert(models.Message, rows)
    sent_to = sorted({row["member_id"] for row in rows if row["state"] == "sent"})
    if sent_to:
        _tell(tx, sent_to)
    decided = {row["key"]: _verdict(row) for row in rows}
    return [known.get(draft.key) or decided[draft.key] for draft in drafts]


def _verdict(row: Mapping[str, Any]) -> Verdict:
    return Verdict(message_id=row["message_id"], channel=row["channel"], state=row["state"], reason=row["reason"])


def _row(tx: Tx, draft: Draft, message_id: int, reach: Reach | None, at: datetime) -> dict[str, Any]:
    choice = policy.choose(draft.channel, reach)
    values = {"name": reach.name if reach else "", **draft.values}
    title, body = (policy.render(text, values) for text in (draft.content.title, draft.content.body))
    refused = choice.refused
    if refused is None and (title is None or body is None):
        refused = "missing_value"
    return {
        "message_id": message_id,
        "key": draft.key,
        "member_id": draft.member_id,
        "channel": choice.channel,
        "provider": sandbox.NAME,
        "title": draft.content.title if title is None else title,
        "body": draft.content.body if body is None else body,
        "link": draft.content.link,
        "state": "refused" if refused else sandbox.STATE,
        "reason": refused,
        "journey_id": draft.journey_id,
        "batch_id": tx.batch_id,
        "created_at": at,
        "sent_at": None if refused else at,
    }


async def _decided(tx: Tx, keys: Sequence[str]) -> dict[str, Verdict]:
    rows = await tx.rows(
        "select key, message_id, channel, state, reason from message "
        "where merchant_id = %(merchant_id)s and key = any(%(keys)s::text[])",
        keys=list(keys),
    )
    return {
        row.key: Verdict(
            message_id=row.message_id, channel=row.channel, state=row.state, reason=row.reason, repeated=True
        )
        for row in rows
    }


async def _reach(tx: Tx, member_ids: Sequence[int]) -> dict[int, Reach]:
    found = await members.contacts(tx, member_ids)
    return {
        contact.member_id: Reach(
            member_id=contact.member_id,
            name=contact.name,
            consents=contact.consents,
            addresses=contact.addresses,
        )
        for contact in found
    }
