"""Everything that comes round in the background: the rooms' work, and the demonstration merchant's day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.doors import wiring
from shuke.kit.jobs import Work

if TYPE_CHECKING:
    from datetime import datetime

    from shuke.kit.db import Database


async def _feed_demo(database: Database, merchant_id: int) -> datetime:
    from shuke.doors.demo import catching_up  # with numpy and a year of goods: only where there is such a merchant

    return await catching_up.feed_due(database, merchant_id)


WORK = "demo_day"  # as `shuke.doors.demo.load` notes it
WORKS = [*wiring.WORKS, Work(WORK, _feed_demo, recurring=False)]
