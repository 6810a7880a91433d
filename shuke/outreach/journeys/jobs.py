"""What journeys do in the background: take members in and let them take their steps, chunk by chunk."""

from __future__ import annotations

from datetime import datetime

from shuke.kit import clock
from shuke.kit.db import Database
from shuke.outreach.journeys import actions


async def travel(database: Database, merchant_id: int) -> datetime | None:
    """Do all that waits at one merchant; each chunk is a transaction of its own, so a crash repeats at most one.

    Answers when the next step is due; None where none is: the next refresh, launch or resume wakes the work again.
    """
    async with database.read(merchant_id) as tx:
        found = await actions.waiting(tx)
    for journey_id in found:
        busy = True
        while busy:
            taken = await database.attempt(merchant_id, actions.take_in, journey_id, clock.now())
            while await database.attempt(merchant_id, actions.advance, journey_id, clock.now()):
                pass
            busy = bool(taken)
    async with database.read(merchant_id) as tx:
        return await actions.next_due(tx, clock.now())
