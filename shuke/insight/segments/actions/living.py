"""Segments while things happen: the members who changed, by an event or by time alone, are asked anew and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pyroaring import BitMap

from shuke.ground import mirror
from shuke.insight import grammar
from shuke.insight.segments.actions import refreshing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shuke.ground.mirror import Mirror
    from shuke.insight.grammar import Answer, Slide
    from shuke.insight.segments.actions.refreshing import Refreshed, State
    from shuke.kit.db import Database

CROWD = 50_000  # more members than this are asked as "all"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUIET = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Lived:
    """What a round did, and when time alone will next change something."""

    refreshed: list[Refreshed]
    asked: int
    due: datetime


_changed: dict[int, BitMap] = {}


def note_changed(merchant_id: int, members: Iterable[int]) -> None:
    """Something was copied of these members; the next round of `live` asks them anew."""
    _changed.setdefault(merchant_id, BitMap()).update(members)


def with_changes() -> list[int]:
    """Merchants of whom something was copied since their last round."""
    return list(_changed)


async def live(database: Database, opened: Mirror, merchant_id: int, at: datetime, *, timed: bool = True) -> Lived:
    """Bring membership up to date for the members who changed, and with `timed` for those whom time changed since then.

    One question to the mirror and one transaction for any number of members and segments; a business date that began
    since the last round, or a crowd, is a refresh of all. Repeatable: at the same instant nothing changes a second time.
    """
    async with refreshing.turn_of(merchant_id):
        return await live_now(database, opened, merchant_id, at, timed=timed)


async def live_now(database: Database, opened: Mirror, merchant_id: int, at: datetime, *, timed: bool = True) -> Lived:
    """`live`, by whoever holds the merchant's turn."""
    changed = _changed.pop(merchant_id, BitMap())
    try:
        return await _round(database, opened, merchant_id, changed, (at, timed))
    except BaseException:
        note_changed(merchant_id, changed)
        raise


async def _round(
    database: Database, opened: Mirror, merchant_id: int, changed: BitMap, when: tuple[datetime, bool]
) -> Lived:  # fmt: skip
    at, timed = when
    async with database.read(merchant_id) as tx:
        state = await refreshing.read_state(tx, at)
        since = await tx.value("select at from segment_clock where merchant_id = %(merchant_id)s")
    if not state.rows:
        return Lived([], 0, at + QUIET)
    found = grammar.slides(state.trees.values(), opened.registry)
    crossed = BitMap()
    if since is not None and timed and found and since < at:
        [crossed] = await mirror.bitmaps(opened, grammar.crossed_sql(found, state.moment, since))
    new_day = since is None or state.moment.date_of(since) < state.moment.day
    if new_day or len(changed | crossed) > CROWD:
        done = await refreshing.refresh_now(database, opened, merchant_id, at, reason="time" if new_day else "event")
        return Lived(done, len(changed | crossed), await _due(opened, state, found, None))
    done = await _few(database, opened, state, changed, crossed, timed)
    return Lived(done, len(changed | crossed), await _due(opened, state, found, None if timed else changed))


async def _few(
    database: Database, opened: Mirror, state: State, changed: BitMap, crossed: BitMap, timed: bool
) -> list[Refreshed]:  # fmt: skip
    members, at = changed | crossed, state.moment.as_of
    outcome = None
    if members and state.trees:
        known = grammar.Known(state.trees, state.lists, state.edges)
        answer = await grammar.answer(opened, list(state.trees.values()), state.moment, known, among=list(members))
        outcome = refreshing.Outcome(_within(answer, state), set(state.trees), members)
    if outcome is None and not timed:
        return []
    async with database.write(state.moment.merchant_id) as tx:
        done = []
        if outcome is not None:
            done = await refreshing.store_few(tx, state, outcome, at, lambda one: "event" if one in changed else "time")
        if timed:
            await refreshing.keep_clock(tx, at)
    return done


def _within(answer: Answer, state: State) -> Callable[[str], BitMap]:
    return lambda slug: answer.members(state.trees[slug])


async def _due(opened: Mirror, state: State, found: Sequence[Slide], few: BitMap | None) -> datetime:
    """When time alone next changes something, for all or for a few members; at the latest when the next date begins."""
    latest = grammar.next_day(state.moment)
    if not found or (few is not None and not few):
        return latest
    sql = grammar.next_sql(found, state.moment, grammar.restriction(None if few is None else list(few)))
    [(micros,)] = await mirror.rows(opened, sql)
    return latest if micros is None or not micros else min(latest, EPOCH + timedelta(microseconds=micros))
