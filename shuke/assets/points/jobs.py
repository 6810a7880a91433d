"""What the ledger does by the clock: the sweep when something ran out, at the latest once a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.assets.points import actions
from shuke.kit import clock
from shuke.kit.db import Database

SWEEP = actions.SWEEP
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
    await actions.sweep_merchant(database, merchant_id, at)
    async with database.read(merchant_id) as tx:
        ends: datetime | None = await tx.value(_NEXT, at=at)
    tomorrow = at + timedelta(days=1)
    return tomorrow if ends is None else max(min(ends, tomorrow), at + timedelta(minutes=1))
