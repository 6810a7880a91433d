"""What a round of the segments begins with, and whose turn it is."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shuke.ground import mirror
from shuke.insight import grammar
from shuke.insight.segments.queries import catalog, lists, nesting
from shuke.insight.segments.queries.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from pyroaring import BitMap

    from shuke.ground.mirror import Mirror, Moment
    from shuke.insight.grammar import Node, Slide
    from shuke.kit.db import Database, Tx

WAITED = timedelta(minutes=5)
TOO_HEAVY = "too_heavy"
_turns: dict[int, asyncio.Lock] = {}
_TURN = "select pg_advisory_xact_lock(hashtextextended('the turn of segments', %(merchant_id)s))"
_PLACE = "select c.at, c.seq as seen from segment_clock c where c.merchant_id = %(merchant_id)s"


@dataclass(frozen=True, slots=True)
class State:
    """All segments of a merchant at an instant: their rows, their trees or why they cannot be read, lists and edges.

    `since`: up to when time was looked at, None where it must be anew; `seen`: up to which announcement membership follows what
    happened; `copied`: up to which the mirror knows it, `head`: the last there is.
    """

    rows: Sequence[Any]
    trees: dict[str, Node]
    failed: dict[str, dict[str, Any]]
    moment: Moment
    lists: dict[str, BitMap]
    edges: dict[str, float | None]
    slides: Sequence[Slide]
    since: datetime | None
    seen: int
    copied: int
    head: int
    hears: bool

    @property
    def unfilled(self) -> set[str]:
        """Those whose membership is not of their present wording, or from before a history was brought in."""
        return {row.slug for row in self.rows if row.members_version != row.version}

    @property
    def heavy(self) -> set[str]:
        """Those that were too much for the engine, and those that speak of them; only whole refreshes try them again."""
        found = {row.slug for row in self.rows if row.state == "error" and (row.error or {}).get("code") == TOO_HEAVY}
        return found and found | {slug for slug in self.trees if not found.isdisjoint(self.spoken_of([slug]))}

    def spoken_of(self, slugs: Sequence[str]) -> dict[str, Node]:
        """The segments that these speak of, directly or through others."""
        found: dict[str, Node] = {}
        waiting = [inner for slug in slugs for inner in grammar.segments_of(self.trees[slug])]
        while waiting:
            slug = waiting.pop()
            if slug not in found:
                found[slug] = self.trees[slug]
                waiting += grammar.segments_of(self.trees[slug])
        return found


@asynccontextmanager
async def turn_of(database: Database, opened: Mirror, merchant_id: int) -> AsyncIterator[None]:
    """One round of a merchant after the other: in this process, and where the engine is shared between all workers."""
    async with _turns.setdefault(merchant_id, asyncio.Lock()):
        if not opened.engine.dialect.shared:
            yield
            return
        async with database.read(merchant_id) as tx:
            await tx.value(_TURN)
            yield


async def read_state(tx: Tx, at: datetime) -> State:
    """What a round needs to know from PostgreSQL.

    Where another round came through meanwhile its instant counts, up to five minutes later; a clock that went further back has
    all of time looked at anew.
    """
    place, fresh = await tx.one(_PLACE), await mirror.freshness(tx, tx.merchant_id or 0)
    rows = await catalog.stored(tx)
    read = rules_of(tx.merchant_id or 0, rows)
    found = await lists.bitmaps(tx, read.lists)
    last = max((row.refreshed_at for row in rows if row.state == "ok" and row.refreshed_at), default=at)
    moment = await grammar.moment_of(tx, last if at < last <= at + WAITED else at)
    since = None if last > at + WAITED or place is None else place.at
    return State(
        rows, read.trees, dict(read.failed), moment, found, await nesting.stored_edges(tx), read.slides, since,
        place.seen if place else 0, fresh.seq, fresh.head, read.hears,
    )  # fmt: skip
