"""Segments while things happen: the members who changed, by an event or by time alone, are asked anew and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from pyroaring import BitMap

from shuke.ground import mirror
from shuke.insight import grammar
from shuke.insight.segments.actions import refreshing
from shuke.insight.segments.actions.state import read_state, turn_of
from shuke.kit import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from shuke.ground.mirror import Mirror
    from shuke.insight.grammar import Answer
    from shuke.insight.segments.actions.refreshing import Refreshed
    from shuke.insight.segments.actions.state import State
    from shuke.kit.db import Database

log = structlog.get_logger("segments")
CROWD = 50_000  # more members than this are asked as "all"
QUIET = timedelta(days=1)
COPYING = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Lived:
    """What a round did, and when time alone will next change something."""

    refreshed: list[Refreshed]
    asked: int
    due: datetime


_changed: dict[int, BitMap] = {}
_echoed: dict[int, BitMap] = {}


def note_changed(merchant_id: int, members: Iterable[int], echoed: Iterable[int] = ()) -> None:
    """Something was copied of these members, who are asked anew next; of `echoed` only flips: where a rule speaks of flips."""
    _echoed.setdefault(merchant_id, BitMap()).update(echoed)
    _changed.setdefault(merchant_id, BitMap()).update(members)


def with_changes() -> list[int]:
    """Merchants of whom something was copied since their last round."""
    return list(_changed | _echoed)


async def refresh(
    database: Database, opened: Mirror, merchant_id: int, at: datetime, *, reason: str = "schedule",
    slugs: Iterable[str] | None = None,
) -> list[Refreshed]:  # fmt: skip
    """Bring segments up to date (all, or those named with those they speak of), as of `at`, up to the merchant's last word.

    Set-based: one question to the mirror for all leaves, then membership, flips and announcements in one transaction; a crowd in
    several, between which who changes comes first. Repeatable: a second refresh at the same instant changes nothing. A rule that
    cannot be read leaves its membership as it was and shows the error; segments that were reworded meanwhile wait for the next
    refresh.
    """
    await mirror.drain(opened, database, merchant_id)
    async with turn_of(database, opened, merchant_id):
        meanwhile = _Meanwhile(database, opened, merchant_id, at)
        done = await refreshing.refresh_now(
            database, opened, merchant_id, at, reason=reason, slugs=slugs, between=meanwhile.catch_up, drained=True
        )
        if meanwhile.members:  # as in `_round`
            note_changed(merchant_id, meanwhile.members)
        return done


async def live(database: Database, opened: Mirror, merchant_id: int, at: datetime, *, timed: bool = True) -> Lived:
    """Bring membership up to date for the members who changed, and with `timed` for those whom time changed since then.

    One question to the mirror (two with `timed`) and one transaction for any number of members and segments; a business date
    that began since the last round, or a crowd, is a refresh of all. So is what the engine finds too much at once, and what was
    copied without this process being told (before it started, or by another). Nothing is asked while the mirror is made anew
    and knows less than membership does. Repeatable: at the same instant nothing changes twice.
    """
    async with turn_of(database, opened, merchant_id):
        return await live_now(database, opened, merchant_id, at, timed=timed)


async def live_now(database: Database, opened: Mirror, merchant_id: int, at: datetime, *, timed: bool = True) -> Lived:
    """`live`, by whoever holds the merchant's turn."""
    changed, echoed = _changed.pop(merchant_id, BitMap()), _echoed.pop(merchant_id, BitMap())
    _, until = opened.told.get(merchant_id, (0, 0))
    try:
        async with database.read(merchant_id) as tx:
            state = await read_state(tx, at)
        if not state.rows:
            return Lived([], 0, at + QUIET)
        if state.copied < state.seen:
            note_changed(merchant_id, changed, echoed)
            return Lived([], 0, at + COPYING)
        changed |= echoed if state.hears else BitMap()
        try:
            if not _missed(opened, state):
                return await _round(database, opened, state, changed, (until, timed))
        except mirror.TooMuch:
            log.warning("too much for one question; all segments are asked by themselves", merchant=merchant_id)
        done = await refreshing.refresh_now(database, opened, merchant_id, at, reason="event")
        return Lived(done, len(changed), at + COPYING if state.slides else grammar.next_day(state.moment))
    except BaseException:
        note_changed(merchant_id, changed, echoed)
        raise


def _missed(opened: Mirror, state: State) -> bool:
    """Whether something was copied of which this process was not told, nor will be in a moment."""
    after, until = opened.told.get(state.moment.merchant_id, (state.seen, state.seen))
    return state.seen < after or (state.copied > max(until, state.seen) and not opened.busy.locked())


async def _round(
    database: Database, opened: Mirror, state: State, changed: BitMap, upto: tuple[int, bool]
) -> Lived:  # fmt: skip
    (until, timed), merchant_id, at = upto, state.moment.merchant_id, state.moment.as_of
    crossed, due = BitMap(), None
    new_day = state.since is None or state.moment.date_of(state.since) < state.moment.day
    if timed and state.slides:
        since = state.since if state.since is not None and state.since < at and not new_day else None
        crossed, due = await grammar.crossings(opened, state.slides, state.moment, since)
    asked = changed | crossed
    if new_day or len(asked) > CROWD:
        reason = "time" if new_day else "event"
        meanwhile = _Meanwhile(database, opened, merchant_id, at)
        done = await refreshing.refresh_now(
            database, opened, merchant_id, at, reason=reason, between=meanwhile.catch_up
        )
        anew = any(row.members_version != row.version or row.state != "ok" for row in state.rows)
        if meanwhile.members and (anew or state.edges):
            # Segments that were filled anew have not heard of them yet, and rankings have another edge now.
            note_changed(merchant_id, meanwhile.members)
        if not timed and state.slides:
            _, due = await grammar.crossings(opened, state.slides, state.moment, None)
        return Lived(done, len(asked), _soonest(state, due))
    answer = await _asked(opened, state, asked, timed)
    if answer is not None and not timed:
        due = answer.due
    done = await _few(database, state, answer, (changed, asked), (until, timed))
    return Lived(done, len(asked), _soonest(state, due))


class _Meanwhile:
    """Between two pieces of a crowd: who changed since it was asked for comes first, and is left out of the rest of it."""

    def __init__(self, database: Database, opened: Mirror, merchant_id: int, at: datetime) -> None:
        self._database, self._opened, self._merchant_id, self._at = database, opened, merchant_id, at
        self._began = clock.monotonic()
        self.members = BitMap()

    async def catch_up(self) -> BitMap:
        """Bring up to date who changed; who that was."""
        changed = _changed.pop(self._merchant_id, BitMap())
        if not changed:
            return changed
        self.members |= changed
        try:
            async with self._database.read(self._merchant_id) as tx:
                state = await read_state(tx, self._at + timedelta(seconds=clock.monotonic() - self._began))
            answer = await _asked(self._opened, state, changed, timed=True)
            if answer is not None:
                outcome = refreshing.Outcome(_within(answer, state), set(state.trees) - state.heavy, changed)
                async with self._database.write(self._merchant_id) as tx:
                    await refreshing.store(tx, state, outcome, lambda _: "event")
        except BaseException:
            note_changed(self._merchant_id, self.members)
            raise
        return changed


def _soonest(state: State, due: datetime | None) -> datetime:
    """When time alone next changes something: at the latest when the next date begins."""
    latest = grammar.next_day(state.moment)
    return latest if due is None else min(latest, due)


async def _asked(opened: Mirror, state: State, members: BitMap, timed: bool) -> Answer | None:
    """The one question of a round: all conditions for these members, and when time alone next changes one of them."""
    light = sorted(set(state.trees) - state.heavy)
    if not members or not light:
        return None
    known = grammar.Known(state.spoken_of(light), state.lists, state.edges)
    following, trees = () if timed else state.slides, [state.trees[slug] for slug in light]
    return await grammar.answer(opened, trees, state.moment, known, among=list(members), following=following)


async def _few(
    database: Database, state: State, answer: Answer | None, members: tuple[BitMap, BitMap], upto: tuple[int, bool]
) -> list[Refreshed]:
    """Write what the round found, up to which announcement, and with `timed` up to when time was looked at."""
    (changed, asked), (until, timed), done = members, upto, []
    if answer is None and not timed and until <= state.seen:
        return []
    assert state.since is not None
    async with database.write(state.moment.merchant_id) as tx:
        if answer is not None:
            outcome = refreshing.Outcome(_within(answer, state), set(state.trees) - state.heavy, asked)
            done = await refreshing.store(tx, state, outcome, lambda one: "event" if one in changed else "time")
        await refreshing.keep_clock(tx, state.moment.as_of if timed else state.since, until)
    return done


def _within(answer: Answer, state: State) -> Callable[[str], BitMap]:
    return lambda slug: answer.members(state.trees[slug])
