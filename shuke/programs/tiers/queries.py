"""Questions about the ladder and where members stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.programs.tiers.policy import Level, Standing, level_of, window_fen

if TYPE_CHECKING:
    from shuke.kit.db import Tx

STANDINGS = """
select member_id, level, since, keep_until, months from member_tier
where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[])
"""


class NextLevel(msgspec.Struct, frozen=True):
    """The next rung and what is missing to reach it."""

    level: int
    name: str
    threshold_fen: int
    missing_fen: int


class TierShape(msgspec.Struct, frozen=True, kw_only=True):
    """Where a member stands, as pages show it. `progress_fen` is net payment of the month and the eleven before it."""

    level: int
    name: str
    since: datetime | None
    keep_until: datetime | None
    progress_fen: int
    next: NextLevel | None


class LevelShape(msgspec.Struct, frozen=True, kw_only=True):
    """One rung and how many members stand on it."""

    level: int
    name: str
    name_en: str
    threshold_fen: int
    multiplier: float
    members: int


async def ladder(tx: Tx) -> list[Level]:
    """The rungs, lowest first."""
    rows = await tx.rows(
        "select level, name, threshold_fen, multiplier_percent, name_en from tier_level "
        "where merchant_id = %(merchant_id)s order by threshold_fen, level"
    )
    return [Level(*row) for row in rows]


def standings_of(rows: Iterable[Any], members: Iterable[int], lowest: Level, at: datetime) -> dict[int, Standing]:
    """Standings by member from rows of `STANDINGS`; members without one stand on the lowest rung."""
    found = {row[0]: Standing(*row) for row in rows}
    for member_id in members:
        if member_id not in found:
            found[member_id] = Standing(member_id, lowest.level, at, None, {})
    return found


async def levels_at(tx: Tx, moments: Sequence[tuple[int, datetime]]) -> list[int | None]:
    """The level each member had at each instant, from the history; None where nothing had happened yet."""
    rows = await tx.rows(
        "select m.ord, (select c.to_level from tier_change c where c.merchant_id = %(merchant_id)s "
        "and c.member_id = m.member_id and c.at <= m.at order by c.at desc, c.change_id desc limit 1) as level "
        "from unnest(%(members)s::bigint[], %(instants)s::timestamptz[]) with ordinality as m(member_id, at, ord) order by m.ord",
        members=[member for member, _ in moments], instants=[at for _, at in moments],
    )  # fmt: skip
    return [row.level for row in rows]


async def level_now(tx: Tx, member_id: int | None) -> Level:
    """The rung a member stands on; without a member the lowest."""
    rungs = await ladder(tx)
    if member_id is None:
        return rungs[0]
    level = await tx.value(
        "select level from member_tier where merchant_id = %(merchant_id)s and member_id = %(member_id)s",
        member_id=member_id,
    )
    return rungs[0] if level is None else level_of(rungs, level)


async def tiers_of(tx: Tx, member_ids: Iterable[int], day: date) -> dict[int, TierShape]:
    """Where all these members stand on that business date, with what the next rung needs; two statements."""
    rungs = await ladder(tx)
    wanted = sorted(set(member_ids))
    rows = {row.member_id: row for row in await tx.rows(STANDINGS, members=wanted)}
    return {member_id: _shape(rungs, rows.get(member_id), day) for member_id in wanted}


def _shape(rungs: Sequence[Level], row: Any | None, day: date) -> TierShape:
    here = rungs[0] if row is None else level_of(rungs, row.level)
    progress = 0 if row is None else window_fen(row.months, day)
    above = next((rung for rung in rungs if rung.threshold_fen > here.threshold_fen), None)
    return TierShape(
        level=here.level, name=here.name, since=row.since if row else None, keep_until=row.keep_until if row else None,
        progress_fen=progress,
        next=None if above is None else NextLevel(
            above.level, above.name, above.threshold_fen, max(above.threshold_fen - progress, 0)
        ),
    )  # fmt: skip


async def members_by_level(tx: Tx) -> dict[int, int]:
    """How many members stand on each rung, among those who ever paid."""
    rows = await tx.rows(
        "select level, count(*)::bigint as n from member_tier where merchant_id = %(merchant_id)s group by 1"
    )
    return {row.level: row.n for row in rows}


def level_shapes(rungs: Sequence[Level], counts: dict[int, int], members: int) -> list[LevelShape]:
    """The rungs with their members; whoever has no standing yet stands on the lowest."""
    known = {rung.level for rung in rungs}
    lowest = rungs[0].level
    elsewhere = members - sum(n for level, n in counts.items() if level in known)
    return [
        LevelShape(
            level=rung.level, name=rung.name, name_en=rung.name_en, threshold_fen=rung.threshold_fen,
            multiplier=rung.multiplier_percent / 100,
            members=counts.get(rung.level, 0) + (max(elsewhere, 0) if rung.level == lowest else 0),
        )
        for rung in rungs
    ]  # fmt: skip


async def members_on(tx: Tx, level: int) -> list[int]:
    """The members whose standing is this level; those who never paid have none."""
    rows = await tx.rows(
        "select member_id from member_tier where merchant_id = %(merchant_id)s and level = %(level)s", level=level
    )
    return [row.member_id for row in rows]
