"""Counting up by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.assets.finance import actions
from shuke.kit import clock
from shuke.kit.db import Database

COUNT = "points_days"


async def count_points(database: Database, merchant_id: int) -> datetime:
    """Bring the sums by day and store up to date, every hour; what moved since is added where it is asked for."""
    at = clock.now()
    await actions.count_up_merchant(database, merchant_id)
    return at + timedelta(hours=1)
