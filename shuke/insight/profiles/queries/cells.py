"""How many members stand in each RFM cell: kept as scores are written, so that a page counts nobody."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.scorers import rfm
from shuke.kit import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shuke.kit.db import Tx

_TURN = "select pg_advisory_xact_lock(hashtextextended('the cells of profiles', %(merchant_id)s))"
_MOVE = """
insert into profile_cell as c (merchant_id, grid, cell, members)
select %(merchant_id)s, m.grid, m.cell, m.more
from unnest(%(grids)s::text[], %(cells)s::text[], %(more)s::int[]) as m(grid, cell, more)
on conflict (merchant_id, grid, cell) do update set members = c.members + excluded.members
"""


class NoSuchCell(errors.NotFound):
    """There is no RFM cell "{cell}"."""

    code = "no_such_cell"
    zh = "没有 RFM 格子「{cell}」。"
    cure = "Take one of the cells of the map, of eleven or of eight: `eleven:champions`, `map:5-3`."
    cure_zh = "请选热力图、十一格或八格里的一格，比如 eleven:champions、map:5-3。"

    def __init__(self, cell: str) -> None:
        errors.Refused.__init__(self, field="cell", cell=cell)


class Cell(msgspec.Struct, frozen=True):
    """A cell of a grid (map, eleven, eight) with who stands in it now, and the rule of a segment that holds just these."""

    grid: str
    code: str
    members: int
    name: Words
    means: Words | None
    rule: dict[str, Any]


async def turn(tx: Tx, model: str) -> None:
    """One after the other, so that who was counted where is known: before scores of this model are written."""
    if model == rfm.CODE:
        await tx.value(_TURN)


async def move(tx: Tx, model: str, changed: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Count members over from where they stood to where they stand: scores before and after, empty where nothing was said."""
    moves: Counter[tuple[str, str]] = Counter()
    for before, after in changed if model == rfm.CODE else ():
        moves.subtract(rfm.places(before))
        moves.update(rfm.places(after))
    found = sorted((grid, code, more) for (grid, code), more in moves.items() if more)
    if found:
        grids, codes, more = zip(*found, strict=True)
        await tx.run(_MOVE, grids=list(grids), cells=list(codes), more=list(more))


async def cells(tx: Tx) -> list[Cell]:
    """The cells of all grids in which anybody stands, the largest of a grid first."""
    rows = await tx.rows(
        "select grid, cell, members from profile_cell where merchant_id = %(merchant_id)s and members > 0 "
        "order by grid, members desc, cell"
    )
    return [_cell(row.grid, row.cell, row.members) for row in rows]


async def cell(tx: Tx, named: str) -> Cell:
    """One cell, by grid and code: `eleven:champions`; refuses `NoSuchCell` where nobody ever stood."""
    grid, _, code = named.partition(":")
    found = await tx.value(
        "select members from profile_cell where merchant_id = %(merchant_id)s and grid = %(grid)s and cell = %(code)s",
        grid=grid, code=code,
    )  # fmt: skip
    if found is None:
        raise NoSuchCell(named)
    return _cell(grid, code, found)


def _cell(grid: str, code: str, members: int) -> Cell:
    return Cell(grid, code, members, rfm.called(grid, code), rfm.meaning(code), rfm.rule(grid, code))
