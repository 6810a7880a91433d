"""Segments while things happen: the members who changed, by an event or by time alone, are asked anew and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pyroaring import BitMap

from shuke.insight import grammar
from shuke.insight.segments.actions import refreshing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from shuke.ground.mirror import Mirror
    from shuke.insight.grammar import Answer
    from shuke.insight.segments.actions.refreshing import Refreshed
    from shuke.insight.segments.actions.state import State
    from shuke.kit.db import Database

CROWD = 50_000  # more members than this are asked as "all"
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

    One question to the mirror (two with `timed`) and one transaction for any number of members and segments; a business date
    that began since the last round, or a crowd, is a refresh of all. Repeatable: at the same instant nothing changes twice.
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
    if not state.rows:
        return Lived([], 0, at + QUIET)
    crossed, due = BitMap(), None
    if timed and state.slides:
        since = state.since if state.since is not None and state.since < at else None
        crossed, due = await grammar.crossings(opened, state.slides, state.moment, since)
    asked = changed | crossed
    new_day = state.since is None or state.moment.date_of(state.since) < state.moment.day
    if new_day or len(asked) > CROWD:
        reason = "time" if new_day else "event"
        done = await refreshing.refresh_now(database, opened, merchant_id, at, reason=reason)
        if not timed and state.slides:
            _, due = await grammar.crossings(opened, state.slides, state.moment, None)
        return Lived(done, len(asked), _soonest(state, due))
    answer = await _asked(opened, state, asked, timed)
    if answer is not None and not timed:
        due = answer.due
    return Lived(await _few(database, state, answer, (changed, asked), timed), len(asked), _soonest(state, due))


def _soonest(state: State, due: datetime | None) -> datetime:
    """When time alone next changes something: at the latest when the next date begins."""
    latest = grammar.next_day(state.moment)
    return latest if due is None else min(latest, due)


async def _asked(opened: Mirror, state: State, members: BitMap, timed: bool) -> Answer | None:
    """The one question of a round: all conditions for these members, and when time alone next changes one of them."""
    if not members or not state.trees:
        return None
    known = grammar.Known(state.trees, state.lists, state.edges)
    following = () if timed else state.slides
    return await grammar.answer(
        opened, list(state.trees.values()), state.moment, known, among=list(members), following=following
    )


async def _few(
    database: Database, state: State, answer: Answer | None, members: tuple[BitMap, BitMap], timed: bool
) -> list[Refreshed]:
    """Write what the round found, and up to when time was looked at."""
    if answer is None and not timed:
        return []
    (changed, asked), at, done = members, state.moment.as_of, []
    async with database.write(state.moment.merchant_id) as tx:
        if answer is not None:
            outcome = refreshing.Outcome(_within(answer, state), set(state.trees), asked)
            done = await refreshing.store_few(tx, state, outcome, at, lambda one: "event" if one in changed else "time")
        if timed:
            await refreshing.keep_clock(tx, at)
    return done


def _within(answer: Answer, state: State) -> Callable[[str], BitMap]:
    return lambda slug: answer.members(state.trees[slug])
