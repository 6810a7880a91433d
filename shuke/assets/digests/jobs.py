"""What the digests do by the clock: once a day, a while after it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.assets.digests.actions import make_digests
from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database

WORK = "daily_digests"
AFTER = timedelta(minutes=15)
"""What was begun before midnight is committed by then."""


async def digest_days(database: Database, merchant_id: int) -> datetime:
    """Make the digests of one merchant's days that are over; answers when the next day is. Safe to run twice at once."""
    at = clock.now()
    await database.attempt(merchant_id, make_digests, at)
    async with database.directory() as tx:
        merchant = await tenancy.get_merchant(tx, merchant_id)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    return clock.day_starts(today + timedelta(days=1), merchant.zone, merchant.day_start_minutes) + AFTER
