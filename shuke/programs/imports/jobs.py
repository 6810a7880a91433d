"""Runs the imports that the console started."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import structlog

from shuke.ground import ingestion
from shuke.kit import errors
from shuke.kit.db import Database
from shuke.programs.imports.actions import running as imports

log = structlog.get_logger("imports")


async def run_imports(database: Database, merchant_id: int) -> datetime | None:
    """Run what was started on the console, one after the other; after a crash each goes on where it stopped.

    An import of the command line (its file is not in our folder) is left to its own process. Answers None: the next
    start wakes the work again.
    """
    async with database.read(merchant_id) as tx:
        started = await ingestion.running_imports(tx)
    for run in started:
        folder = Path(run.path).parent
        if folder.name != str(run.import_id):
            continue
        try:
            done = await imports.run_import(database, merchant_id, run.import_id, folder)
        except errors.Refused as refusal:
            log.warning("an import stopped", import_id=run.import_id, reason=refusal.message_en)
            continue
        if done.state == "done":
            await asyncio.to_thread(Path(run.path).unlink, missing_ok=True)
    return None
