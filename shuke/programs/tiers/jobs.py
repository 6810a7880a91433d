"""What the ladder does by the clock: the review at the end of members' periods."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs.tiers.actions import review_merchant

REVIEW = "tiers_review"


async def review_tiers(database: Database, merchant_id: int) -> datetime:
    """Review the members of one merchant whose period has ended; answers the start of its next day, when periods end.

    Safe to run twice at once.
    """
    at = clock.now()
    await review_merchant(database, merchant_id, at)
    async with database.directory() as tx:
        merchant = await tenancy.get_merchant(tx, merchant_id)
    tomorrow = clock.business_date(at, merchant.zone) + timedelta(days=1)
    return clock.day_starts(tomorrow, merchant.zone)
