"""What runs on schedule: refreshing the segments of a merchant."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.ground import mirror, tenancy
from shuke.insight.segments import actions
from shuke.kit import clock
from shuke.kit.db import Database

REFRESH = actions.WORK
DEFAULT_MINUTES = 15


async def refresh_segments(database: Database, merchant_id: int) -> datetime | None:
    """Bring all segments of a merchant up to date; due again after the merchant's interval, or never while there are none."""
    at = clock.now()
    refreshed = await actions.refresh(database, mirror.of_process(), merchant_id, at)
    if not refreshed:
        return None
    async with database.read(merchant_id) as tx:
        settings = (await tenancy.get_merchant(tx)).settings
    minutes = int(settings.get("segments", {}).get("refresh_minutes", DEFAULT_MINUTES))
    return at + timedelta(minutes=max(1, minutes))
