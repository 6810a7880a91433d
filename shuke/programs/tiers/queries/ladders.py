"""Questions about ladders: their versions, who stands on which rung."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from shuke.kit import errors
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.programs.tiers.policy import MAIN, Benefit, Ladder, Level, Terms

_COLUMNS = "ladder_id, version, name, name_en, terms, levels, state, from_at, published_at, published_by"
_NEWEST = f"""
select distinct on (ladder_id) {_COLUMNS} from tier_ladder
where merchant_id = %(merchant_id)s order by ladder_id, version desc
"""
_MAIN = f"""
select {_COLUMNS} from tier_ladder where merchant_id = %(merchant_id)s and ladder_id = 0 order by version desc limit 1
"""
_ALL = f"select {_COLUMNS} from tier_ladder where merchant_id = %(merchant_id)s order by ladder_id, version"


def _ladder(row: Any) -> Ladder:
    levels = [
        Level(
            one["level"], one["name"], one["threshold"], one.get("multiplier_percent", 100), one.get("name_en", ""),
            tuple(msgspec.convert(one.get("benefits", []), list[Benefit])),
        )
        for one in row.levels
    ]  # fmt: skip
    terms = msgspec.convert(row.terms, Terms)
    return Ladder(
        row.ladder_id, row.version, row.name, row.name_en, terms, levels, row.state, row.from_at, row.published_at,
        row.published_by,
    )  # fmt: skip


async def main(tx: Tx) -> Ladder:
    """The main ladder as it is now."""
    return _ladder(await tx.one(_MAIN))


async def ladder(tx: Tx) -> Sequence[Level]:
    """The rungs of the main ladder, lowest first."""
    return (await main(tx)).levels


async def ladders(tx: Tx) -> list[Ladder]:
    """Every live ladder as it is now, the main one first."""
    return [found for row in await tx.rows(_NEWEST) if (found := _ladder(row)).state == "live"]


async def names(tx: Tx, _: Iterable[str] = ()) -> dict[str, Sentence]:
    """What ladders are called, by their number as facts have it."""
    return {str(row.ladder_id): Sentence(row.name, row.name_en or row.name) for row in await tx.rows(_NEWEST)}


async def any_rung(tx: Tx) -> bool:
    """Whether there is any level to reach."""
    return any(len(one.levels) > 1 for one in await ladders(tx))


async def get_ladder(tx: Tx, ladder_id: int) -> Ladder:
    """One live ladder; refuses an unknown one and one that has ended."""
    found = next((one for one in await ladders(tx) if one.ladder_id == ladder_id), None)
    if found is None:
        raise errors.NotFound(what="ladder", what_zh="等级阶梯")
    return found


async def versions(tx: Tx) -> dict[int, list[Ladder]]:
    """Every version of every live ladder, the oldest first; the main one first."""
    found: dict[int, list[Ladder]] = defaultdict(list)
    for row in await tx.rows(_ALL):
        found[row.ladder_id].append(_ladder(row))
    return {number: held for number, held in found.items() if held[-1].state == "live"}


async def members_by_level(tx: Tx, ladder_id: int = MAIN) -> dict[int, int]:
    """How many members stand on each rung, among those who ever counted anything."""
    sql = (
        "select level, count(*)::bigint as n from member_tier where merchant_id = %(merchant_id)s "
        "and ladder_id = %(ladder_id)s group by 1"
    )
    return {row.level: row.n for row in await tx.rows(sql, ladder_id=ladder_id)}


def with_everybody(levels: Sequence[Level], counts: dict[int, int], members: int) -> dict[int, int]:
    """Members by rung of all there are: whoever has no standing yet stands on the lowest."""
    elsewhere = members - sum(counts.get(rung.level, 0) for rung in levels)
    lowest = {levels[0].level: max(elsewhere, 0)}
    return {rung.level: counts.get(rung.level, 0) + lowest.get(rung.level, 0) for rung in levels}


async def members_on(tx: Tx, level: int) -> list[int]:
    """The members whose standing on the main ladder is this level; those who never paid have none."""
    sql = "select member_id from member_tier where merchant_id = %(merchant_id)s and ladder_id = 0 and level = %(on)s"
    return [row.member_id for row in await tx.rows(sql, on=level)]
