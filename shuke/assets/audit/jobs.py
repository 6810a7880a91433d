"""What the auditor does by the clock: every night, one merchant after the other."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.assets.audit.actions import audit
from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database

AUDIT = "points_audit"
NIGHT = 3 * 60
"""The audit runs at this minute of the merchant's day."""


async def audit_points(database: Database, merchant_id: int) -> datetime:
    """Audit one merchant; answers when its next night comes. Safe to run twice at once: an audit moves nothing."""
    at = clock.now()
    await audit(database, merchant_id, at)
    async with database.directory() as tx:
        merchant = await tenancy.get_merchant(tx, merchant_id)
    return night_after(at, merchant.zone)


def night_after(at: datetime, zone: str) -> datetime:
    """The next audit of a merchant in that zone."""
    tonight = clock.day_starts(clock.business_date(at, zone), zone, NIGHT)
    return tonight if tonight > at else clock.day_starts(clock.business_date(at + timedelta(days=1), zone), zone, NIGHT)
