"""Membership brought up to date: all segments of a merchant from one question, the difference written as flips."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from pyroaring import BitMap

from shuke.insight.segments import models
from shuke.insight.segments.actions import budgets, writing
from shuke.insight.segments.actions.state import read_state
from shuke.insight.segments.events import SegmentRefreshed
from shuke.insight.segments.queries import membership
from shuke.kit import clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
    from datetime import datetime

    from shuke.ground.mirror import Mirror
    from shuke.insight.segments.actions.state import State
    from shuke.kit.db import Database, Tx

T = TypeVar("T")
PIECE = 5_000  # flips of a crowd in one transaction
LONGEST_REST_SECONDS = 0.25
"""After a piece, for callers and for what is copied; half as long as the piece took where that is less."""
LOOK_SECONDS = 0.1  # after so long somebody who changed is not kept waiting for a question about everybody
_SETTLE = """
update segment s set size = r.size, state = r.state, error = r.error,
    refreshed_at = case when r.state = 'ok' then %(at)s else s.refreshed_at end,
    mark = coalesce(r.mark, s.mark), members_version = r.version,
    backfilled_at = case when r.backfill then %(at)s else s.backfilled_at end
from json_to_recordset(%(rows)s::json)
    as r(segment_id bigint, size bigint, state text, error jsonb, version bigint, backfill boolean, mark bigint)
where s.merchant_id = %(merchant_id)s and s.segment_id = r.segment_id
"""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did to one segment."""

    slug: str
    size: int
    entered: int
    left: int
    state: str


async def refresh_now(
    database: Database,
    opened: Mirror,
    merchant_id: int,
    at: datetime,
    *,
    reason: str,
    slugs: Iterable[str] | None = None,
    between: Callable[[], Awaitable[BitMap]] | None = None,
    drained: bool = False,
) -> list[Refreshed]:
    """`living.refresh` of what the mirror knows by now, by whoever holds the merchant's turn.

    With `between` a crowd is written in pieces of bounded size, a transaction each, and in between, as while everybody is asked
    about, whatever this does; it returns whom it brought up to date itself. What of time was looked at is kept last, so that after
    a crash everybody is asked again.
    """
    async with database.read(merchant_id) as tx:
        state = await read_state(tx, at)
    # While the mirror is behind, what is filled anew waits for `refresh`: else the rest of a history would be told as news.
    waiting = set() if drained or state.copied >= state.head else state.unfilled
    wanted = [slug for slug in state.trees if slug not in waiting and (slugs is None or slug in set(slugs))]
    if not wanted and not state.failed:
        return []
    answering = budgets.answered(opened, state, wanted)
    (found, edges), early = await _beside(answering, between if slugs is None else None)
    edges = {**state.edges, **edges} if waiting else edges
    if between is not None and slugs is None:
        return await _in_pieces(database, state, (found, edges), reason, (between, early))
    async with database.write(merchant_id) as tx:
        done = await store(tx, state, Outcome(found.__getitem__, set(found)), lambda _: reason)
        if slugs is None:
            await _keep_edges(tx, edges, state.moment.as_of)
            await keep_clock(tx, state.moment.as_of, state.copied)
        return done


async def _beside(
    answering: Coroutine[Any, Any, T], between: Callable[[], Awaitable[BitMap]] | None
) -> tuple[T, BitMap]:
    """The answer, and whom `between` brought up to date while it was found."""
    asking = asyncio.create_task(answering)
    early = BitMap()
    try:
        while between is not None and not (await asyncio.wait([asking], timeout=LOOK_SECONDS))[0]:
            early |= await between()
        return await asking, early
    finally:
        asking.cancel()


async def _in_pieces(
    database: Database, state: State, answered: tuple[Mapping[str, BitMap], Mapping[str, float | None]], reason: str,
    live: tuple[Callable[[], Awaitable[BitMap]], BitMap],
) -> list[Refreshed]:  # fmt: skip
    """Write who enters and leaves piece by piece, and at last everything else, which by then is little.

    `live`: what is done between two pieces, and whom it brought up to date before.
    """
    (found, edges), (between, early), merchant_id = answered, live, state.moment.merchant_id
    ids = {row.slug: row.segment_id for row in state.rows}
    ready = {row.slug for row in state.rows if row.members_version == row.version and row.state == "ok"} & set(found)
    async with database.read(merchant_id) as tx:
        kept = await membership.bitmaps(tx, [ids[slug] for slug in ready])
    pieces = _pieces([found[slug] ^ kept[ids[slug]] for slug in ready])
    done: list[Refreshed] = []
    since = BitMap(early)
    if pieces:
        async with database.write(merchant_id) as tx:
            await _keep_edges(tx, edges, state.moment.as_of)
    for piece in pieces:
        began = clock.monotonic()
        since |= await between()
        among = piece - since
        part = Outcome(lambda slug, among=among: found[slug] & among, ready, among)  # type: ignore[misc]
        async with database.write(merchant_id) as tx:
            done += await store(tx, state, part, lambda _: reason)
        await asyncio.sleep(min(LONGEST_REST_SECONDS, (clock.monotonic() - began) / 2))
    async with database.write(merchant_id) as tx:
        if since:
            kept = await membership.bitmaps(tx, [ids[slug] for slug in ready])
            found = {
                slug: (members - since) | (kept[ids[slug]] & since) if slug in ready else members
                for slug, members in found.items()
            }  # fmt: skip
        done += await store(tx, state, Outcome(found.__getitem__, set(found)), lambda _: reason)
        await _keep_edges(tx, edges, state.moment.as_of)
        await keep_clock(tx, state.moment.as_of, state.copied)
    return _together(done)


def _pieces(differing: Sequence[BitMap]) -> list[BitMap]:
    """The members who enter or leave anything, in pieces of about ten thousand flips; none where one transaction will do."""
    flips = sum(map(len, differing))
    if flips <= PIECE:
        return []
    moving = BitMap.union(*differing)
    size = max(1, PIECE * len(moving) // flips)
    return [moving[start : start + size] for start in range(0, len(moving), size)]


def _together(done: Iterable[Refreshed]) -> list[Refreshed]:
    """What pieces did to one segment, added up."""
    found: dict[str, Refreshed] = {}
    for one in done:
        before = found.get(one.slug)
        entered, left = (before.entered, before.left) if before is not None else (0, 0)
        found[one.slug] = Refreshed(one.slug, one.size, entered + one.entered, left + one.left, one.state)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who belongs, by slug; with `among`, only of these members, so that only they are looked at."""

    members: Callable[[str], BitMap]
    slugs: set[str]
    among: BitMap | None = None

    def flips(self, slug: str, before: BitMap) -> tuple[BitMap, BitMap]:
        """Who enters and who leaves."""
        found = self.members(slug)
        return found - before, (before if self.among is None else before & self.among) - found


async def _keep_edges(tx: Tx, edges: Mapping[str, float | None], at: datetime) -> None:
    await tx.run(
        "delete from segment_edge where merchant_id = %(merchant_id)s and not leaf = any(%(leaves)s::text[])",
        leaves=list(edges),
    )
    listed = [{"leaf": leaf, "edge": edge, "at": at} for leaf, edge in edges.items()]
    await tx.insert(models.SegmentEdge, listed, conflict="update:edge,at")


async def keep_clock(tx: Tx, at: datetime, seen: int) -> None:
    """All that changes by time alone was looked at up to this instant, all that happened up to this announcement."""
    await tx.run(
        "insert into segment_clock as c (merchant_id, at, seq) values (%(merchant_id)s, %(at)s, %(seen)s) "
        "on conflict (merchant_id) do update set at = excluded.at, seq = greatest(c.seq, excluded.seq)",
        at=at, seen=seen,
    )  # fmt: skip


async def store(tx: Tx, state: State, outcome: Outcome, reason_of: Callable[[int], str]) -> list[Refreshed]:
    """Write what an outcome changes; of a few members, segments that wait for a whole refresh are left to it."""
    at = state.moment.as_of
    current = await _lock(tx, state, outcome)
    ids = [row.segment_id for row in current]
    before = await (membership.held(tx, current) if outcome.among is not None else membership.bitmaps(tx, ids))
    refresh_ids = await tx.fresh_ids(len(current)) if current else []
    settled, refreshed, written = [], [], writing.Written(at)
    for row, refresh_id in zip(current, refresh_ids, strict=True):
        error, members = state.failed.get(row.slug), before[row.segment_id]
        entered, left = (BitMap(), BitMap()) if error else outcome.flips(row.slug, members)
        backfill = not error and row.members_version != row.version
        changed = bool(backfill or entered or left)
        if changed:
            members |= entered
            members -= left
            membership.hold(tx, row.segment_id, refresh_id, members)
        elif outcome.among is not None:
            continue
        if changed:
            change = writing.Change(members, entered, left)
            written.add(row, refresh_id, change, (lambda _: "backfill") if backfill else reason_of)
            tx.announce(
                SegmentRefreshed(
                    slug=row.slug, refresh_id=refresh_id, entered=len(entered), left=len(left), at=at, backfill=backfill
                )
            )
        settled.append(
            {"segment_id": row.segment_id, "size": len(members), "state": "error" if error else "ok", "error": error,
             "version": row.members_version if error else row.version, "backfill": backfill,
             "mark": refresh_id if changed else None}
        )  # fmt: skip
        refreshed.append(Refreshed(row.slug, len(members), len(entered), len(left), "error" if error else "ok"))
    await written.store(tx)
    if settled:
        await tx.run(_SETTLE, rows=msgspec.json.encode(settled).decode(), at=at)
    return refreshed


async def _lock(tx: Tx, state: State, outcome: Outcome) -> list[Any]:
    """The segments whose membership this outcome may change: as they were read."""
    slugs = {*outcome.slugs, *(state.failed if outcome.among is None else ())}
    locked = await tx.rows(
        "select segment_id, slug, version, members_version, mark, state from segment "
        "where merchant_id = %(merchant_id)s and slug = any(%(slugs)s::text[]) order by segment_id for update",
        slugs=sorted(slugs),
    )
    read_versions = {row.slug: row.version for row in state.rows}
    return [
        row for row in locked
        if row.version == read_versions[row.slug]
        and (outcome.among is None or (row.members_version == row.version and row.state == "ok"))
    ]  # fmt: skip
