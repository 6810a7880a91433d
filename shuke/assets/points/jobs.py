"""What the ledger does by the clock: the sweep when something ran out, at the latest once a day; the audit every night."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.assets.points.actions import audit, sweep_merchant
from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database

SWEEP, AUDIT = "points_sweep", "points_audit"
NIGHT = 3 * 60
"""The audit runs at this minute of the merchant's day."""

_NEXT = """
select least((select min(l.expires_at) from lot l where l.merchant_id = %(merchant_id)s and l.remaining > 0
    and l.expires_at is not null and l.expires_at > %(at)s),
  (select min(h.expires_at) from hold h where h.merchant_id = %(merchant_id)s and h.state = 'open' and h.expires_at > %(at)s))
"""


async def sweep_points(database: Database, merchant_id: int) -> datetime:
    """Book what ran out by now at one merchant; answers when the next lot or hold ends, at the latest in a day.

    Safe to run twice at once. A lot that ends earlier than was foreseen is booked late, and could not be spent meanwhile.
    """
    at = clock.now()
    await sweep_merchant(database, merchant_id, at)
    async with database.read(merchant_id) as tx:
        ends: datetime | None = await tx.value(_NEXT, at=at)
    tomorrow = at + timedelta(days=1)
    return tomorrow if ends is None else max(min(ends, tomorrow), at + timedelta(minutes=1))


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
