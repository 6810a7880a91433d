"""What the mirror may copy of messages: each one that went out, as behaviour of its member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror, tenancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.kit.db import Tx

MESSAGE_SENT = mirror.behaviour(
    "message_sent",
    ("收到消息", "was sent a message"),
    {"title": ("text", "标题", "Title"), "journey_id": ("number", "自动化编号", "Journey")},
)
_SENT = """
select batch_id, member_id, channel, journey_id, title, sent_at,
    row_number() over (partition by batch_id order by message_id) as place from message
where merchant_id = %(merchant_id)s and batch_id = any(%(batches)s::bigint[]) and state = 'sent'
"""


async def _messages(tx: Tx, news: Sequence[mirror.News]) -> Mapping[str, list[Any]]:
    told_in = {one.batch_id: one.seq for one in news}
    merchant = await tenancy.get_merchant(tx)
    made = mirror.EventRows(merchant.zone, merchant.day_start_minutes)
    for idx, row in enumerate(await tx.rows(_SENT, batches=list(told_in))):
        said = {"title": row.title, "journey_id": row.journey_id}
        made.add("message_sent", row.member_id, row.sent_at, (told_in[row.batch_id], idx), said, channel=row.channel)
    return made.columns


DECLARED = (MESSAGE_SENT, mirror.Source(("messages_sent",), "events", _messages))
