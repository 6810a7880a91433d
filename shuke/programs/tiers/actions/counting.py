"""Counting again: ladders that are played from history, rises that a new version brings, and how far members are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shuke.assets import points
from shuke.ground import tenancy
from shuke.kit.db import Database, Tx
from shuke.programs.tiers import policy
from shuke.programs.tiers.actions.shaping import again
from shuke.programs.tiers.actions.standing import noting, storing, storing_counts
from shuke.programs.tiers.events import TierProgress
from shuke.programs.tiers.policy import MAIN, Ladder, Rise, Standing, above, level_of, percent_of
from shuke.programs.tiers.queries import history, ladders, standings

BATCH = 500
_WAITING = """
delete from tier_recount r using (
    select member_id from tier_recount where merchant_id = %(merchant_id)s order by member_id limit %(limit)s for update
) w where r.merchant_id = %(merchant_id)s and r.member_id = w.member_id returning r.member_id
"""
_CHANGES_GONE = """
delete from tier_change where merchant_id = %(merchant_id)s and change_id = any(%(changes)s::bigint[])
"""


async def count_merchant(database: Database, merchant_id: int, at: datetime, batch: int = BATCH) -> int:
    """Count everybody again who waits for it, in transactions of at most `batch`; how many. Safe to break off."""
    counted = 0
    while True:
        async with database.write(merchant_id) as tx:
            done = await count(tx, at, batch)
        counted += done
        if done < batch:
            return counted


async def count(tx: Tx, at: datetime, limit: int = BATCH) -> int:
    """Count up to `limit` waiting members again: play the ladders that follow history, raise who reaches more by a new
    version, and tell how far everybody is. A fixed number of statements for each ladder."""
    rows = await tx.rows(_WAITING, limit=limit)
    who = sorted(row.member_id for row in rows)
    if not who:
        return 0
    merchant = await tenancy.get_merchant(tx)
    day = standings.day_of(at, merchant)
    known = await ladders.versions(tx)
    played = {number: held for number, held in known.items() if not held[-1].on_payments}
    if played:
        await _play(tx, played, who, at, merchant)
    if MAIN not in played:
        await _raise(tx, known[MAIN][-1], who, at, merchant)
    await _tell(tx, known[MAIN][-1], who, at, day)
    return len(who)


async def _raise(tx: Tx, main: Ladder, who: Sequence[int], at: datetime, merchant: Any) -> None:
    """Up to what their payments reach by the ladder of today; nearly always nobody, so it looks before it locks."""
    day = standings.day_of(at, merchant)

    def risen(held: dict[int, policy.Standing]) -> list[Rise]:
        found = []
        for one in held.values():
            rise = policy.climb(
                one, main.levels, policy.worth(main.terms, one.months, day), at, merchant.zone, main.terms
            )
            if rise is not None:
                found.append(rise)
        return found

    seen = standings.standings_of(await tx.rows(standings.STANDINGS, members=who), (), main.levels[0], at)
    moving = [rise.member_id for rise in risen(seen)]
    if not moving:
        return
    await points.open_book(tx, moving, at=at)
    held = standings.standings_of(await tx.rows(standings.STANDINGS, members=moving), (), main.levels[0], at)
    rises = risen(held)
    ids = await tx.fresh_ids(len(rises))
    await tx.together(*storing(tx, held.values(), list(zip(ids, rises, strict=True)), reason="changed"))


async def _play(tx: Tx, versions: dict[int, list[Ladder]], who: Sequence[int], at: datetime, merchant: Any) -> None:
    found = await history.played_of(tx, versions, who, at, merchant)
    for number, held in versions.items():
        mine = [(played.standing, played.counts) for (of, _), played in found.items() if of == number]
        if not mine:
            continue
        await tx.together(storing_counts(tx, held[-1], mine))
        changes = {member: played.rises for (of, member), played in found.items() if of == number}
        await _note_new(tx, number, changes)


async def _note_new(tx: Tx, ladder_id: int, changes: dict[int, list[tuple[Rise, str]]]) -> None:
    """Make the written history of these members what was played; announces only what was not written before."""
    written = await standings.changes_stored(tx, ladder_id, sorted(changes))
    gone: list[int] = []
    fresh: list[tuple[Rise, str]] = []
    for member_id, played in changes.items():
        kept = {(one.at, one.from_level, one.to_level, one.reason): one.change_id for one in written.get(member_id, ())}
        for rise, reason in played:
            if kept.pop((rise.at, rise.from_level, rise.to_level, reason), None) is None:
                fresh.append((rise, reason))
        gone += kept.values()
    if gone:
        await tx.run(_CHANGES_GONE, changes=sorted(gone))
    if fresh:
        fresh.sort(key=lambda one: (one[0].at, one[0].member_id))
        ids = sorted(await tx.fresh_ids(len(fresh)))
        named = [(number, rise, reason) for number, (rise, reason) in zip(ids, fresh, strict=True)]
        await tx.together(noting(tx, ladder_id, named))


async def _tell(tx: Tx, main: Ladder, who: Sequence[int], at: datetime, day: Any) -> None:
    """Announce how far these members are on the main ladder."""
    if len(main.levels) == 1:
        return
    held = await standings.stored(tx, who)
    told = []
    for member_id in who:
        one = held.get((MAIN, member_id))
        if one is None:
            continue
        here, inside = level_of(main.levels, one.standing.level), one.worth(main, day)
        goal = above(main.levels, here.level)
        missing = 0 if goal is None else max(goal.threshold - inside, 0)
        told.append((member_id, percent_of(main.levels, here.level, inside), missing))
    if told:
        tx.announce(TierProgress(at=at, members=told))


async def part(tx: Tx, pairs: Sequence[tuple[int, int]], at: datetime) -> None:
    """Two members who had been merged stand each where their own history leads on the main ladder; repeatable.

    What was given by hand or as a gift stays with who has it now. A level that changes by it is noted as `parted`.
    """
    who = sorted({member for pair in pairs for member in pair})
    await points.open_book(tx, who, at=at)
    merchant = await tenancy.get_merchant(tx)
    versions = (await ladders.versions(tx))[MAIN]
    held = await standings.stored(tx, who)
    found = await history.played_of(tx, {MAIN: versions}, who, at, merchant)
    rows, moved = [], []
    for member_id in who:
        before = held.get((MAIN, member_id))
        played = found.get((MAIN, member_id))
        now = played.standing if played else Standing(member_id, versions[-1].levels[0].level, at, None)
        now.months, now.changed = played.payments if played else {}, True
        rows.append(now)
        if before is not None and before.standing.level != now.level:
            now.since = at
            moved.append(Rise(member_id, before.standing.level, now.level, at))
    ids = await tx.fresh_ids(len(moved))
    await tx.together(*storing(tx, rows, list(zip(ids, moved, strict=True)), reason="parted"))
    await again(tx, who, at)


_LEAVING = """
select member_id from member_tier where merchant_id = %(merchant_id)s and ladder_id = 0
and case when %(counted)s then counts else months end ?| %(keys)s
"""


async def month_turned(tx: Tx, at: datetime) -> list[int]:
    """Members for whom something left the main ladder's window with the beginning of this month."""
    merchant = await tenancy.get_merchant(tx)
    main = await ladders.main(tx)
    today = standings.day_of(at, merchant)
    if today.day != 1 or main.terms.window == "lifetime" or len(main.levels) == 1:
        return []
    before = today.replace(year=today.year - 1, month=12) if today.month == 1 else today.replace(month=today.month - 1)
    first, old = policy.from_key(main.terms, today), policy.from_key(main.terms, before)
    year, month = (int(part) for part in old.split("-"))
    months = []
    while f"{year}-{month:02d}" < first:
        months.append(f"{year}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    keys = months
    if main.terms.by == "visits":
        keys = [f"{one}-{day:02d}" for one in months for day in range(1, 32)]
    rows = await tx.rows(_LEAVING, keys=keys, counted=main.terms.by != "amount")
    return [row.member_id for row in rows]
