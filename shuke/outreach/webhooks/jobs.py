"""What runs when something is to be told."""

from __future__ import annotations

from datetime import datetime

from shuke.kit import clock
from shuke.kit.db import Database
from shuke.outreach.webhooks import policy, queries
from shuke.outreach.webhooks.actions import sending

WORK = policy.WORK


async def tell(database: Database, merchant_id: int) -> datetime | None:
    """Tell all that is due; due again when the next telling is."""
    while await sending.send_due(database, merchant_id, clock.now()):
        continue
    async with database.read(merchant_id) as tx:
        return await queries.next_due(tx)
