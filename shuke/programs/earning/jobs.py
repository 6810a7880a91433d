"""What earning does by the clock: what waits for an order that can no longer come is let go."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs.earning.actions import let_go

SWEEP = "earning_sweep"


async def sweep_waiting(database: Database, merchant_id: int) -> datetime:
    """Let go of one merchant's videos and articles that no order can use any more; answers when the next day starts.

    Safe to run twice at once.
    """
    at = clock.now()
    async with database.read(merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
    await let_go(database, merchant_id, at, timedelta(days=int(merchant.settings.get("lateness_days", 30))))
    return clock.day_starts(clock.business_date(at, merchant.zone) + timedelta(days=1), merchant.zone)
