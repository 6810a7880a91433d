"""The audit: every invariant of the ledger over all history, on one snapshot, with what was found kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shuke.assets.audit import models
from shuke.assets.audit.queries import chain, checks, daily, replay, waiting
from shuke.kit import clock
from shuke.kit.db import Database

NAMED = 200
# Every check reads everything once: joins go by hash or merge whatever the planner has heard of the tables.
_SETTINGS = ("work_mem = '64MB'", "enable_nestloop = off", "cursor_tuple_fraction = 1")


async def audit(database: Database, merchant_id: int, at: datetime) -> dict[str, Any]:
    """Check the whole ledger of a merchant, beside all traffic, and store what was found; moves nothing.

    Answers {merchant_id, checked_at, differences, found, totals by wallet, checks, seconds}: `differences` is how many
    contradictions there are, `found` names the first of them. Memory stays small at any size: the checks run in the
    database, the replay reads one member after the other.
    """
    began = clock.monotonic()
    counts: dict[str, int] = {}
    found: list[checks.Difference] = []
    async with database.read(merchant_id) as tx:
        for setting in _SETTINGS:
            await tx.run(f"set local {setting}")
        for check in (*checks.CHECKS, *waiting.CHECKS, *chain.CHECKS, *daily.CHECKS):
            counts[check.code], named = await checks.differences(tx, check)
            found += named
        replayed = await replay.replay(tx)
        totals = await checks.totals(tx)
    counts["replay"] = replayed.total
    found += replayed.named
    result = {
        "merchant_id": merchant_id,
        "checked_at": at,
        "differences": sum(counts.values()),
        "found": msgspec.to_builtins(found[:NAMED]),
        "totals": totals,
        "checks": counts,
        "seconds": round(clock.monotonic() - began, 2),
    }
    async with database.write(merchant_id) as tx:
        (run_id,) = await tx.fresh_ids(1)
        run = {"run_id": run_id, "checked_at": at, "differences": result["differences"], "result": result}
        await tx.insert(models.AuditRun, [run])
    return result
