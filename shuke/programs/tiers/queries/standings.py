"""Questions about where members stand: now, then, and how far it is to the next level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.kit import clock
from shuke.kit.kinds import Sentence
from shuke.programs.tiers.benefits import sentences
from shuke.programs.tiers.policy import MAIN, Beneath, Ladder, Level, Standing, above, level_of, percent_of, worth
from shuke.programs.tiers.queries.ladders import ladder, ladders, main

if TYPE_CHECKING:
    from shuke.kit.db import Tx

STANDINGS = """
select member_id, level, since, keep_until, months, under from member_tier
where merchant_id = %(merchant_id)s and ladder_id = 0 and member_id = any(%(members)s::bigint[])
"""
_OF_ALL = """
select ladder_id, member_id, level, since, keep_until, months, counts, under from member_tier
where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[])
"""


class NextLevel(msgspec.Struct, frozen=True):
    """The next rung and what is missing to reach it, in the unit of the ladder (fen, points, orders, days)."""

    level: int
    name: str
    threshold: int
    missing: int


class TierShape(msgspec.Struct, frozen=True, kw_only=True):
    """Where a member stands on a ladder, as pages show it.

    `worth` is what the window holds now, `by` what is counted. `to_keep` is what is still missing in the window of today to
    keep the level at the end of its period (0 where nothing is). `by_hand`: the level was given by staff.
    """

    ladder_id: int
    ladder: str
    level: int
    name: str
    by: str
    since: datetime | None
    keep_until: datetime | None
    by_hand: bool
    worth: int
    percent: int
    next: NextLevel | None
    to_keep: int
    benefits: list[Sentence]


def standings_of(rows: Iterable[Any], members: Iterable[int], lowest: Level, at: datetime) -> dict[int, Standing]:
    """Standings by member from rows of `STANDINGS`; members without one stand on the lowest rung."""
    found = {row[0]: Standing(row[0], row[1], row[2], row[3], row[4], _beneath(row[5])) for row in rows}
    for member_id in members:
        if member_id not in found:
            found[member_id] = Standing(member_id, lowest.level, at, None, {})
    return found


def _beneath(held: Any) -> Beneath | None:
    return None if held is None else msgspec.convert(held, Beneath)


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A standing on any ladder as it is written down."""

    ladder_id: int
    standing: Standing
    counts: dict[str, int]

    def worth(self, of: Ladder, day: date) -> int:
        """What the window of that day holds."""
        return worth(of.terms, self.standing.months if of.on_payments else self.counts, day)


async def stored(tx: Tx, member_ids: Iterable[int]) -> dict[tuple[int, int], Stored]:
    """All standings of these members by (ladder, member), in one statement."""
    rows = await tx.rows(_OF_ALL, members=sorted(set(member_ids)))
    return {
        (row.ladder_id, row.member_id): Stored(
            ladder_id=row.ladder_id,
            standing=Standing(row.member_id, row.level, row.since, row.keep_until, row.months, _beneath(row.under)),
            counts=row.counts,
        )
        for row in rows
    }


async def levels_at(tx: Tx, moments: Sequence[tuple[int, datetime]], ladder_id: int = MAIN) -> list[int | None]:
    """The level each member had at each instant, from the history; None where nothing had happened yet."""
    rows = await tx.rows(
        "select m.ord, (select c.to_level from tier_change c where c.merchant_id = %(merchant_id)s "
        "and c.member_id = m.member_id and c.ladder_id = %(ladder_id)s "
        "and c.at <= m.at order by c.at desc, c.change_id desc limit 1) as level "
        "from unnest(%(members)s::bigint[], %(instants)s::timestamptz[]) with ordinality as m(member_id, at, ord) order by m.ord",
        members=[member for member, _ in moments], instants=[at for _, at in moments], ladder_id=ladder_id,
    )  # fmt: skip
    return [row.level for row in rows]


async def level_now(tx: Tx, member_id: int | None) -> Level:
    """The rung of the main ladder a member stands on; without a member the lowest."""
    rungs = await ladder(tx)
    if member_id is None:
        return rungs[0]
    level = await tx.value(
        "select level from member_tier where merchant_id = %(merchant_id)s and ladder_id = 0 and member_id = %(member_id)s",
        member_id=member_id,
    )
    return rungs[0] if level is None else level_of(rungs, level)


async def tiers_of(tx: Tx, member_ids: Iterable[int], day: date) -> dict[int, TierShape]:
    """Where all these members stand on the main ladder on that business date, with what the next rung needs; two statements."""
    wanted = sorted(set(member_ids))
    first, held = await main(tx), await stored(tx, wanted)
    return {member_id: shape(first, held.get((MAIN, member_id)), day) for member_id in wanted}


async def standings_everywhere(tx: Tx, member_ids: Iterable[int], day: date) -> dict[int, list[TierShape]]:
    """The same on every live ladder, the main one first; two statements."""
    wanted = sorted(set(member_ids))
    live, held = await ladders(tx), await stored(tx, wanted)
    return {member_id: [shape(one, held.get((one.ladder_id, member_id)), day) for one in live] for member_id in wanted}


def shape(of: Ladder, held: Stored | None, day: date) -> TierShape:
    """A standing as pages show it; without one the lowest rung."""
    here = level_of(of.levels, held.standing.level) if held else of.levels[0]
    inside = held.worth(of, day) if held else 0
    goal = above(of.levels, here.level)
    keeps = -(-here.threshold * of.terms.keep_percent // 100)
    earned = held is not None and held.standing.keep_until is not None and held.standing.under is None
    return TierShape(
        ladder_id=of.ladder_id, ladder=of.name, level=here.level, name=here.name, by=of.terms.by,
        since=held.standing.since if held else None, keep_until=held.standing.keep_until if held else None,
        by_hand=held is not None and held.standing.under is not None, worth=inside,
        percent=percent_of(of.levels, here.level, inside),
        next=None if goal is None else NextLevel(goal.level, goal.name, goal.threshold, max(goal.threshold - inside, 0)),
        to_keep=max(keeps - inside, 0) if earned else 0, benefits=sentences(here),
    )  # fmt: skip


class ChangeShape(msgspec.Struct, frozen=True, kw_only=True):
    """One rise or drop in a member's history, with the names the rungs have now."""

    ladder: str
    from_name: str
    to_name: str
    up: bool
    reason: str
    at: datetime
    note: str
    by: str


_CHANGES = """
select c.ladder_id, c.from_level, c.to_level, c.reason, c.at, h.note, h.by from tier_change c
left join tier_by_hand h on c.reason = 'manual' and h.merchant_id = c.merchant_id and h.member_id = c.member_id
    and h.ladder_id = c.ladder_id and h.at = c.at
where c.merchant_id = %(merchant_id)s and c.member_id = %(member_id)s order by c.at desc, c.change_id desc limit 100
"""


async def changes_of(tx: Tx, member_id: int) -> list[ChangeShape]:
    """A member's rises and drops on all live ladders, the latest first, at most a hundred."""
    live = {one.ladder_id: one for one in await ladders(tx)}
    told = []
    for row in await tx.rows(_CHANGES, member_id=member_id):
        of = live.get(row.ladder_id)
        if of is None:
            continue
        before, after = level_of(of.levels, row.from_level), level_of(of.levels, row.to_level)
        told.append(
            ChangeShape(
                ladder=of.name, from_name=before.name, to_name=after.name, up=after.threshold > before.threshold,
                reason=row.reason, at=row.at, note=row.note or "", by=row.by or "",
            )
        )  # fmt: skip
    return told


class GiftShape(msgspec.Struct, frozen=True, kw_only=True):
    """One gift that a level brought."""

    kind: str
    state: str
    words: list[Sentence]
    at: datetime


async def gifts_of(tx: Tx, member_id: int) -> list[GiftShape]:
    """What a member's levels brought, the latest first, at most fifty."""
    rows = await tx.rows(
        "select kind, state, given, at from tier_gift where merchant_id = %(merchant_id)s and member_id = %(member_id)s "
        "order by at desc, key limit 50",
        member_id=member_id,
    )
    return [
        GiftShape(kind=row.kind, state=row.state, words=[_words(one) for one in row.given], at=row.at) for row in rows
    ]


def _words(given: Mapping[str, Any]) -> Sentence:
    return Sentence(**given["words"])


async def changes_stored(tx: Tx, ladder_id: int, member_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The rises and drops written down for these members on one ladder, the oldest first."""
    rows = await tx.rows(
        "select change_id, member_id, from_level, to_level, reason, at from tier_change where merchant_id = %(merchant_id)s "
        "and ladder_id = %(ladder_id)s and member_id = any(%(members)s::bigint[]) order by at, change_id",
        ladder_id=ladder_id, members=list(member_ids),
    )  # fmt: skip
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.member_id].append(row)
    return found


async def by_hand(tx: Tx, member_ids: Sequence[int]) -> dict[tuple[int, int], list[Any]]:
    """What staff decided about these members, by (ladder, member), the oldest first."""
    rows = await tx.rows(
        "select ladder_id, member_id, level, until, at from tier_by_hand where merchant_id = %(merchant_id)s "
        "and member_id = any(%(members)s::bigint[]) order by act_id",
        members=list(member_ids),
    )
    found: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in rows:
        found[row.ladder_id, row.member_id].append(row)
    return found


def day_of(at: datetime, merchant: Any) -> date:
    """The merchant's business date of an instant."""
    return clock.business_date(at, merchant.zone, merchant.day_start_minutes)
