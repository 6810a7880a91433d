"""Questions to the message log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shuke.ground import members, tenancy
from shuke.ground.messaging import policy
from shuke.ground.messaging.channels import Look, Shown, channels
from shuke.kit import paging
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the log, with how it looks on a phone."""

    message_id: int
    member_id: int
    member_name: str
    channel: str
    channel_name: Sentence
    title: str
    body: str
    link: str
    sent_at: datetime | None
    created_at: datetime
    state: str
    reason: Sentence | None
    journey_id: int | None
    look: Look


_SELECT = (
    "select message_id, member_id, channel, title, body, link, state, reason, journey_id, created_at, sent_at "
    "from message where merchant_id = %(merchant_id)s"
)


async def log(
    tx: Tx,
    *,
    member_id: int | None = None,
    journey_id: int | None = None,
    channel: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> paging.Page:
    """The messages of a member, of a journey, of a channel, or all; the newest first."""
    if channel is not None:
        channels.get(channel)
    size = paging.limited(limit)
    after = paging.decode(cursor, 2)
    asked: dict[str, Any] = {"member_id": member_id, "journey_id": journey_id, "channel": channel}
    asked = {name: value for name, value in asked.items() if value is not None}
    # Only the conditions that were asked for, so that each question walks its own index.
    conditions = [f"{name} = %({name})s" for name in asked]
    if after:
        conditions.append("(created_at, message_id) < (%(at)s, %(id)s)")
        asked |= {"at": datetime.fromisoformat(after[0]), "id": after[1]}
    where = "".join(f" and {condition}" for condition in conditions)
    rows = await tx.rows(
        f"{_SELECT}{where} order by created_at desc, message_id desc limit %(most)s", most=size + 1, **asked
    )
    shown = paging.page(rows, size, key=lambda row: [row.created_at.isoformat(), row.message_id])
    names = await members.names(tx, sorted({row.member_id for row in shown.items}))
    shop = (await tenancy.get_merchant(tx)).name
    return msgspec.structs.replace(shown, items=[_logged(row, names, shop) for row in shown.items])


def _logged(row: Any, names: dict[int, members.MemberName], shop: str) -> Logged:
    channel = channels.get(row.channel)
    name = names[row.member_id].name if row.member_id in names else ""
    return Logged(
        message_id=row.message_id, member_id=row.member_id, member_name=name,
        channel=row.channel, channel_name=channel.name, title=row.title, body=row.body, link=row.link,
        sent_at=row.sent_at, created_at=row.created_at, state=row.state, reason=policy.reason(row.reason),
        journey_id=row.journey_id,
        look=channel.look(shop, Shown(title=row.title, body=row.body, link=row.link, at=row.sent_at)),
    )  # fmt: skip
