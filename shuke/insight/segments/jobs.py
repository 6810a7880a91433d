"""What runs by itself: refreshing on schedule, and the proof every night."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.ground import mirror, tenancy
from shuke.insight.segments import actions
from shuke.kit import clock
from shuke.kit.db import Database

REFRESH = actions.WORK
VERIFY = "segments_verify"
DEFAULT_MINUTES = 15


async def refresh_segments(database: Database, merchant_id: int) -> datetime | None:
    """Bring all segments of a merchant up to date; due again after the merchant's interval, or never while there are none."""
    at = clock.now()
    refreshed = await actions.refresh(database, mirror.of_process(), merchant_id, at)
    if not refreshed:
        return None
    async with database.read(merchant_id) as tx:
        told = (await tenancy.get_merchant(tx)).settings.get("segments", {})
    return at + timedelta(minutes=max(1, int(told.get("refresh_minutes", DEFAULT_MINUTES))))


async def verify_segments(database: Database, merchant_id: int) -> datetime | None:
    """Hold every segment against a whole recompute, each night at the fourth hour of the merchant's business date."""
    at = clock.now()
    await actions.verify(database, mirror.of_process(), merchant_id, at)
    async with database.write(merchant_id) as tx:
        await actions.forget(tx, at)
    async with database.read(merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
    moment = mirror.Moment(merchant_id, at, merchant.zone, merchant.day_start_minutes)
    night = moment.starts(moment.day) + timedelta(hours=4)
    return night if night > at else moment.starts(moment.day + timedelta(days=1)) + timedelta(hours=4)
