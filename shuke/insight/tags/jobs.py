"""What runs when it is due: labels that end, tags that follow scores, and rule tags with more members than one bite."""

from __future__ import annotations

from datetime import datetime

from shuke.insight.tags import policy
from shuke.insight.tags.actions import keeping
from shuke.kit import clock
from shuke.kit.db import Database

WORK = policy.WORK


async def keep_tags(database: Database, merchant_id: int) -> datetime | None:
    """Take off what has ended and bring rule tags to their members, in bites; due again when the next label ends."""
    more = True
    while more:
        async with database.write(merchant_id) as tx:
            gone = await keeping.expire(tx, clock.now())
            behind = await keeping.sync(tx, clock.now())
        more = gone >= policy.AT_ONCE or behind
    async with database.read(merchant_id) as tx:
        return await keeping.next_end(tx)
