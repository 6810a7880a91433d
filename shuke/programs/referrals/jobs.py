"""What referrals do by the clock: rewards when return windows have passed, prizes when weeks and months are over."""

from __future__ import annotations

from datetime import datetime

from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs.referrals.actions import prizes, settling, shaping
from shuke.programs.referrals.queries import relations

WORK = shaping.WORK


async def keep_promises(database: Database, merchant_id: int) -> datetime | None:
    """Reward what is due, close boards that are over; answers when the next is, or None. Safe to run twice at once."""
    at = clock.now()
    await settling.settle_merchant(database, merchant_id, at)
    await database.attempt(merchant_id, prizes.close_boards, at)
    await database.attempt(merchant_id, shaping.forget_touches, at)
    async with database.read(merchant_id) as tx:
        nexts = [await relations.next_due(tx), await prizes.next_close(tx, at)]
    return min((one for one in nexts if one is not None), default=None)
