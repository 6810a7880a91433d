"""Questions about adjustments that wait or were decided."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from shuke.assets.approvals.policy import MONEY
from shuke.assets.points import POINTS
from shuke.ground import tenancy
from shuke.kit import paging

if TYPE_CHECKING:
    from shuke.kit.db import Tx

LIMIT = 10_000
"""More points than this, or fen of stored credit, at once needs a second person, unless the merchant sets another limit or none."""


class RequestShape(msgspec.Struct, frozen=True, kw_only=True):
    """One adjustment that was asked for, and what became of it."""

    request_id: int
    member_id: int
    wallet: str
    points: int
    reason: str
    state: str
    asked_by: str
    asked_staff_id: int | None
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    words: str
    entry_id: int | None


COLUMNS = (
    "request_id, member_id, wallet, points, reason, state, asked_by, asked_staff_id, asked_at, decided_by, decided_at, "
    "words, entry_id"
)
_LIST = f"""
select {COLUMNS} from adjustment_request where merchant_id = %(merchant_id)s
  and (%(state)s::text is null or state = %(state)s) and (%(before)s::bigint is null or request_id < %(before)s)
order by request_id desc limit %(limit)s
"""


async def requests(tx: Tx, state: str | None = None, cursor: str | None = None) -> paging.Page:
    """Adjustments that were asked for, the latest first; `state` waiting, approved or refused shows only those."""
    size = paging.limited(None)
    before = paging.decode(cursor, 1)
    rows = await tx.rows(_LIST, state=state, before=before[0] if before else None, limit=size + 1)
    return paging.page([RequestShape(**row._asdict()) for row in rows], size, lambda one: [one.request_id])


async def count_waiting(tx: Tx) -> int:
    """How many wait for a decision."""
    return int(
        await tx.value(
            "select count(*) from adjustment_request where merchant_id = %(merchant_id)s and state = 'waiting'"
        )
    )


async def limit_of(tx: Tx, wallet: str = POINTS) -> int | None:
    """How much of a wallet staff may adjust alone: points or pieces; of stored credit fen, by a limit of its own. None where
    nobody has to be asked."""
    merchant = await tenancy.get_merchant(tx)
    found: int | None = merchant.settings.get("approvals", {}).get("fen" if wallet in MONEY else "limit", LIMIT)
    return found
