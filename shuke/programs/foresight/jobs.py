"""What looking ahead does in the background: the backtests that were asked for."""

from __future__ import annotations

from datetime import datetime

from shuke.kit.db import Database
from shuke.programs.foresight.actions import WORK, run_waiting

__all__ = ["WORK", "run_backtests"]


async def run_backtests(database: Database, merchant_id: int) -> datetime | None:
    """Run what waits or was interrupted. Answers None: the next question wakes the work again."""
    await run_waiting(database, merchant_id)
    return None
