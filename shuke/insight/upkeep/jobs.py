"""What runs by itself: a run that somebody began, to its end."""

from __future__ import annotations

from shuke.ground import mirror
from shuke.insight.upkeep import actions
from shuke.kit.db import Database

WORK = actions.WORK


async def carry_runs(database: Database, merchant_id: int) -> None:
    """Take the run of a merchant to its end; due again when another begins."""
    await actions.carry_on(database, mirror.of_process(), merchant_id)
