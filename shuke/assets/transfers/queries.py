"""Questions about transfers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from shuke.assets.transfers.policy import Caps
from shuke.ground import tenancy
from shuke.kit import paging

if TYPE_CHECKING:
    from shuke.kit.db import Tx


class TransferShape(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer as people read it."""

    transfer_id: int
    from_id: int
    to_id: int
    wallet: str
    points: int
    note: str
    by: str
    at: datetime


_LIST = """
select transfer_id, from_id, to_id, wallet, points, note, "by", at from transfer
where merchant_id = %(merchant_id)s and (%(before)s::bigint is null or transfer_id < %(before)s)
  and (%(member)s::bigint is null or from_id = %(member)s or to_id = %(member)s)
order by transfer_id desc limit %(limit)s
"""


async def transfers(tx: Tx, member_id: int | None = None, cursor: str | None = None) -> paging.Page:
    """Transfers of all members, or those to or from one; the latest first."""
    size = paging.limited(None)
    before = paging.decode(cursor, 1)
    rows = await tx.rows(_LIST, member=member_id, before=before[0] if before else None, limit=size + 1)
    return paging.page([TransferShape(**row._asdict()) for row in rows], size, lambda one: [one.transfer_id])


async def caps(tx: Tx) -> Caps:
    """The merchant's caps; the standard ones until somebody sets others."""
    merchant = await tenancy.get_merchant(tx)
    return msgspec.convert(merchant.settings.get("transfers", {}), Caps)
