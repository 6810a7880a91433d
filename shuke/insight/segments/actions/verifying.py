"""The proof: a whole recompute held against the membership that is kept, and repair where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import mirror
from shuke.insight.segments.actions import budgets, living, refreshing
from shuke.insight.segments.actions.state import read_state, turn_of
from shuke.insight.segments.queries import membership

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from shuke.ground.mirror import Mirror
    from shuke.kit.db import Database

SAMPLE = 20
_NOTE = """
update segment s set verified_at = %(at)s, difference = r.difference
from json_to_recordset(%(rows)s::json) as r(segment_id bigint, difference jsonb)
where s.merchant_id = %(merchant_id)s and s.segment_id = r.segment_id
"""


async def verify(
    database: Database, opened: Mirror, merchant_id: int, at: datetime, slugs: Iterable[str] | None = None
) -> dict[str, dict[str, Any]]:
    """By slug, what differs between the membership kept and a whole recompute as of `at`; nothing missing and nothing more
    is the proof. Differences are repaired (flips with the reason `repair`) and kept with a sample.

    First all that happened by then is taken in, so that only faults differ. Rankings are held against their stored edge. What is
    too heavy for the engine shows that and is not proven.
    """
    await mirror.drain(opened, database, merchant_id)
    async with turn_of(database, opened, merchant_id):
        await living.live_now(database, opened, merchant_id, at)
        if merchant_id in living.with_changes():  # who came in while a crowd was asked about, with what it found
            await living.live_now(database, opened, merchant_id, at)
        async with database.read(merchant_id) as tx:
            state = await read_state(tx, at)
        wanted = {slug for slug in state.trees if slugs is None or slug in set(slugs)}
        rows = [row for row in state.rows if row.slug in wanted and row.members_version == row.version]
        if not rows:
            return {}
        found, _ = await budgets.answered(opened, state, [row.slug for row in rows], state.edges)
        rows = [row for row in rows if row.slug in found]
        async with database.write(merchant_id) as tx:
            kept = await membership.bitmaps(tx, [row.segment_id for row in rows])
            told = {row.slug: _difference(kept[row.segment_id], found[row.slug]) for row in rows}
            await refreshing.store(tx, state, refreshing.Outcome(found.__getitem__, set(found)), lambda _: "repair")
            listed = [{"segment_id": row.segment_id, "difference": told[row.slug]} for row in rows]
            await tx.run(_NOTE, rows=msgspec.json.encode(listed).decode(), at=at)
    return told


def _difference(kept: Any, found: Any) -> dict[str, Any]:
    missing, extra = found - kept, kept - found
    return {"missing": len(missing), "extra": len(extra), "sample": [*missing[:SAMPLE], *extra[:SAMPLE]]}
