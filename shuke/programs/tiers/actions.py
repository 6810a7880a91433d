"""Verbs of the ladder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence  # noqa: TC003
from datetime import datetime  # noqa: TC003
from typing import Any

from shuke.kit.db import Tx
from shuke.programs.tiers import models
from shuke.programs.tiers.events import Change, TiersChanged
from shuke.programs.tiers.policy import Level, Rise, Standing

STANDINGS = """
select member_id, level, since, keep_until, months from member_tier
where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[])
"""


async def install_first_ladder(tx: Tx) -> None:
    """A new merchant's ladder: one plain level for everybody."""
    await tx.insert(models.TierLevel, [{"level": 0, "name": "普通会员", "name_en": "Member", "threshold_fen": 0}])


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


def storing(tx: Tx, standings: Iterable[Standing], rises: Sequence[tuple[int, Rise]]) -> list[tuple[str, dict[str, Any]]]:
    """The statements that store changed standings and rises (with fresh ids); announces the rises."""
    rows = [
        {"member_id": s.member_id, "level": s.level, "since": s.since, "keep_until": s.keep_until, "months": s.months}
        for s in sorted(standings, key=lambda standing: standing.member_id)
        if s.changed
    ]
    statements = []
    if rows:
        statements.append(tx.insertion(models.MemberTier, rows, conflict="update:level,since,keep_until,months"))
    if rises:
        changes = [
            {"change_id": change_id, "member_id": r.member_id, "from_level": r.from_level, "to_level": r.to_level,
             "reason": "reached", "at": r.at}
            for change_id, r in rises
        ]  # fmt: skip
        statements.append(tx.insertion(models.TierChange, changes))
        tx.announce(TiersChanged(changes=[Change(r.member_id, r.from_level, r.to_level, r.at) for _, r in rises]))
    return statements


async def levels_at(tx: Tx, moments: Sequence[tuple[int, datetime]]) -> list[int | None]:
    """The level each member had at each instant, from the history; None where nothing had happened yet."""
    rows = await tx.rows(
        "select m.ord, (select c.to_level from tier_change c where c.merchant_id = %(merchant_id)s "
        "and c.member_id = m.member_id and c.at <= m.at order by c.at desc, c.change_id desc limit 1) as level "
        "from unnest(%(members)s::bigint[], %(instants)s::timestamptz[]) with ordinality as m(member_id, at, ord) order by m.ord",
        members=[member for member, _ in moments], instants=[at for _, at in moments],
    )  # fmt: skip
    return [row.level for row in rows]
