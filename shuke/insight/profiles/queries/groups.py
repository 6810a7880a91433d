"""What members bought by category or by the goods of a stage of life, and what they watched or read, counted in the mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from shuke.ground import mirror
from shuke.insight.profiles.policy.features import HALF_LIFE_DAYS
from shuke.insight.profiles.policy.shares import REST, Counts
from shuke.insight.profiles.queries.purchases import gone, known, slices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from shuke.ground.mirror import Mirror, Moment

CONTENT = ("video_watched", "article_read")
_COLUMNS = ("known", "times", "before", "after")


async def by_category(
    opened: Mirror, moment: Moment, until: date, period: int, members: Sequence[int] | None = None
) -> Counts:
    """Orders by member and category: one with two products of a category counts once."""
    return await _counted(opened, moment, _lines(moment, "toString(category)", "''"), (until, period), members)


async def by_stage(
    opened: Mirror, moment: Moment, until: date, period: int, stages: Mapping[str, Sequence[str]],
    members: Sequence[int] | None = None,
) -> Counts:  # fmt: skip
    """Orders by member with goods of each stage of life, and under the name of nothing all orders."""
    text = "lower(concat(toString(category), ' ', toString(product)))"
    found = ", ".join(
        f"if(multiSearchAny({text}, [{', '.join(mirror.quote(word.lower()) for word in words)}]), [{mirror.quote(name)}], [])"
        for name, words in stages.items()
        if words
    )
    names = f"arrayJoin(arrayConcat([''], {found}))" if found else "''"
    return await _counted(opened, moment, _lines(moment, names, "toString(product)"), (until, period), members)


async def by_content(
    opened: Mirror, moment: Moment, until: date, period: int, members: Sequence[int] | None = None
) -> Counts:
    """Videos watched and articles read by member."""
    by_then = "" if moment.complete else f" AND at <= {moment.instant_sql}"
    rows = (
        f"SELECT member, toString(kind) AS name, day, '' AS sample FROM events WHERE merchant = {moment.merchant_id} "
        f"AND member != 0 AND kind IN {CONTENT}{by_then} AND «piece»"
    )
    return await _counted(opened, moment, rows, (until, period), members)


def _lines(moment: Moment, name: str, sample: str) -> str:
    return (
        f"SELECT member, {name} AS name, any(day) AS day, any({sample}) AS sample FROM order_lines "
        f"WHERE {known(moment)} AND category != '' AND «piece» GROUP BY member, order_id, name HAVING sum(sign) > 0"
    )


async def _counted(
    opened: Mirror, moment: Moment, rows: str, when: tuple[date, int], members: Sequence[int] | None
) -> Counts:
    until, period = when
    day = f"toDate('{until.isoformat()}')"
    question = (
        f"SELECT member, name, sumIf(exp2(-dateDiff('day', day, {day}) / {HALF_LIFE_DAYS}), day <= {day}) AS known, "
        f"toFloat64(countIf(day <= {day})) AS times, toFloat64(countIf(day <= {day} AND day > {day} - {period})) AS before, "
        f"toFloat64(countIf(day > {day} AND day <= {day} + {period})) AS after, argMaxIf(sample, day, day <= {day}) AS sample "
        f"FROM ({rows}) WHERE member NOT IN ({gone(moment)}) GROUP BY member, name ORDER BY member, name"
    )
    parts = [
        await mirror.table(opened, question.replace("«piece»", piece))
        async for piece in slices(opened, moment, members)
    ]
    return _wide(pa.concat_tables(parts) if parts else None)


def _wide(found: pa.Table | None) -> Counts:
    """One row a member, one column a group; who had nothing by the day is left out."""
    if found is None or not len(found):
        empty = np.zeros((0, 1), np.float32)
        return Counts((REST,), np.array([], np.int64), empty, empty, empty, empty, np.zeros((0, 1), object))
    member, row = np.unique(found.column("member").to_numpy().astype(np.int64), return_inverse=True)
    texts = found.column("name").to_numpy(zero_copy_only=False).astype(str)
    names, column = np.unique(texts, return_inverse=True)
    matrices = {}
    for name in _COLUMNS:
        matrices[name] = np.zeros((len(member), len(names)), np.float32)
        matrices[name][row, column] = found.column(name).to_numpy()
    sample = np.full((len(member), len(names)), "", object)
    sample[row, column] = found.column("sample").to_numpy(zero_copy_only=False)
    counts = Counts(names=tuple(names.tolist()), member=member, sample=sample, **matrices)
    return counts.where(counts.times.sum(axis=1) > 0)
