"""Questions about notices: the plan, and what was planned, sent, refused and withdrawn."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from shuke.ground import tenancy
from shuke.outreach.notices import policy

if TYPE_CHECKING:
    from shuke.kit.db import Tx

_COUNTS = """
select send_on, days_before, count(*)::bigint as members, sum(points)::bigint as points,
  count(*) filter (where state = 'planned')::bigint as planned, count(*) filter (where state = 'sent')::bigint as sent,
  count(*) filter (where state = 'refused')::bigint as refused,
  count(*) filter (where state = 'withdrawn')::bigint as withdrawn
from expiry_notice where merchant_id = %(merchant_id)s and send_on >= %(since)s
group by 1, 2 order by 1 desc, 2
"""


class NoticeDay(msgspec.Struct, frozen=True, kw_only=True):
    """What went out, or will, on one day at one distance from the end: members, and the points they hear of."""

    send_on: date
    days_before: int
    members: int
    points: int
    planned: int
    sent: int
    refused: int
    withdrawn: int


async def plan(tx: Tx) -> policy.Plan:
    """How this merchant announces that points run out."""
    return policy.plan_of((await tenancy.get_merchant(tx)).settings)


async def counted(tx: Tx, since: date) -> list[NoticeDay]:
    """Notices by day and distance from `since` on, the latest first."""
    return [NoticeDay(**row._asdict()) for row in await tx.rows(_COUNTS, since=since)]
