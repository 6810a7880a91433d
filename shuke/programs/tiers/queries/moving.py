"""Who would move if a ladder were changed: counts by rung and examples, before anything is published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime

import msgspec

from shuke.ground import members, tenancy
from shuke.kit.db import Tx
from shuke.programs.tiers.policy import Ladder, Level, Terms, level_of, reached, worth
from shuke.programs.tiers.queries import history
from shuke.programs.tiers.queries.standings import Stored, day_of, stored

MOST_EXAMPLES = 5
PART = 2_000
SAMPLE = 6_000


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One member who would move, with what the window holds of theirs."""

    member_id: int
    name: str
    worth: int


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Members who would go from one rung to another: `at_once`, or `at_the_end` of their period if they do nothing more."""

    when: str
    from_level: int
    from_name: str
    to_level: int
    to_name: str
    members: int
    examples: list[Example]


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Who would move because of a change, and how many members that was computed for.

    `at_the_end` tells only of those whom the change alone lets fall: who would fall anyway is not there.
    """

    looked_at: int
    moves: list[Move]


async def of_stored(tx: Tx, now: Ladder, terms: Terms, levels: Sequence[Level], day: date) -> Preview:
    """A change of thresholds, window or keep rules of a ladder whose members are counted already."""
    told: dict[tuple[str, int, int], list[tuple[int, int]]] = defaultdict(list)
    looked_at = 0
    async for part in _everybody(tx, now.ladder_id):
        looked_at += len(part)
        for one in part:
            _note(told, one, now, (terms, levels), day)
    return Preview(looked_at=looked_at, moves=await _moves(tx, told, now.levels, levels))


def _note(
    told: dict[tuple[str, int, int], list[tuple[int, int]]], one: Stored, now: Ladder, then: tuple[Terms, Sequence[Level]],
    day: date,
) -> None:  # fmt: skip
    terms, levels = then
    here = one.standing.level
    changed = Ladder(now.ladder_id, 0, "", "", terms, levels, "live", now.from_at, now.published_at)
    inside = one.worth(changed, day)
    up = reached(levels, inside)
    if up.threshold > level_of(levels, here).threshold:
        told["at_once", here, up.level].append((one.standing.member_id, inside))
        return
    if one.standing.keep_until is None:
        return
    before = reached(now.levels, one.worth(now, day), now.terms.keep_percent)
    kept = reached(levels, inside, terms.keep_percent)
    fell = before.threshold < level_of(now.levels, here).threshold
    falls = kept.threshold < level_of(levels, here).threshold
    if falls and not fell:
        told["at_the_end", here, kept.level].append((one.standing.member_id, inside))


async def _everybody(tx: Tx, ladder_id: int) -> AsyncIterator[list[Stored]]:
    after = 0
    while True:
        rows = await tx.rows(
            "select member_id from member_tier where merchant_id = %(merchant_id)s and ladder_id = %(ladder_id)s "
            "and member_id > %(after)s order by member_id limit %(limit)s",
            ladder_id=ladder_id, after=after, limit=PART,
        )  # fmt: skip
        if not rows:
            return
        after = rows[-1].member_id
        held = await stored(tx, [row.member_id for row in rows])
        yield [one for (number, _), one in held.items() if number == ladder_id]


async def of_played(tx: Tx, draft: Ladder, versions: Sequence[Ladder], at: datetime) -> Preview:
    """A new ladder, or one that is to count something else: played for at most `SAMPLE` members, evenly taken from all."""
    merchant = await tenancy.get_merchant(tx)
    everybody = sorted(await members.list_numbers(tx, 2**31, 2**31))
    step = max(1, -(-len(everybody) // SAMPLE))
    who = everybody[::step]
    told: dict[tuple[str, int, int], list[tuple[int, int]]] = defaultdict(list)
    before = versions[-1].levels if versions else [draft.levels[0]]
    day = day_of(at, merchant)
    for first in range(0, len(who), PART):
        part = who[first : first + PART]
        held = await stored(tx, part)
        found = await history.played_of(tx, {draft.ladder_id: [*versions, draft]}, part, at, merchant)
        for (_, member_id), played in found.items():
            one = held.get((draft.ladder_id, member_id)) if versions else None
            here = level_of(before, one.standing.level).level if one else before[0].level
            if played.standing.level != here:
                inside = worth(draft.terms, played.counts, day)
                told["at_once", here, played.standing.level].append((member_id, inside))
    return Preview(looked_at=len(who), moves=await _moves(tx, told, before, draft.levels))


async def _moves(
    tx: Tx, told: dict[tuple[str, int, int], list[tuple[int, int]]], before: Sequence[Level], levels: Sequence[Level]
) -> list[Move]:
    shown = {member_id for group in told.values() for member_id, _ in sorted(group)[:MOST_EXAMPLES]}
    known = await members.members_of(tx, shown)
    return [
        Move(
            when=when, from_level=here, from_name=level_of(before, here).name, to_level=there,
            to_name=level_of(levels, there).name, members=len(group),
            examples=[
                Example(member_id=member_id, name=known[member_id].name or known[member_id].phone_masked or "", worth=inside)
                for member_id, inside in sorted(group)[:MOST_EXAMPLES]
                if member_id in known
            ],
        )
        for (when, here, there), group in sorted(told.items())
    ]  # fmt: skip
