"""Features of all members, or of one, counted in the mirror: one pass over each source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from shuke.ground import mirror
from shuke.insight.profiles.policy.features import BY_CODE, FEATURES, HALF_LIFE_DAYS, Distribution, Feature
from shuke.insight.profiles.policy.spread import spread
from shuke.insight.profiles.queries.purchases import gone, known, slices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from shuke.ground.mirror import Mirror, Moment

LOOKED_AT = 1_000_000  # members of whom distributions are drawn at most; of more, every second, third, …
SOURCES = ("orders", "categories", "events")
MARKED = ("recency", "frequency", "money")


def _rows(source: str, moment: Moment, piece: str) -> str:
    """The rows an aggregate of that source stands over: orders as they stand (one row each), weighed categories, events."""
    today = f"toDate('{moment.day.isoformat()}')"
    if source == "orders":
        back = f"SELECT row_id FROM orders WHERE {known(moment)} AND {piece} AND sign = -1"
        return (
            "SELECT member, day, weekday, hour, store, channel, amount_fen AS fen, list_fen AS list_, discount_fen AS discount, "
            f"items FROM orders WHERE {known(moment)} AND {piece} AND sign = 1 AND row_id NOT IN ({back})"
        )
    if source == "categories":
        weight = f"exp2(-dateDiff('day', day, {today}) / {HALF_LIFE_DAYS})"
        return (
            f"SELECT member, toString(category) AS category, sum(sign * amount_fen * {weight}) AS weight FROM order_lines "
            f"WHERE {known(moment)} AND {piece} AND category != '' GROUP BY member, category HAVING sum(sign) > 0"
        )
    by_then = "" if moment.complete else f" AND at <= {moment.instant_sql}"
    return (
        "SELECT member, kind, day, numbers FROM events "
        f"WHERE merchant = {moment.merchant_id} AND member != 0{by_then} AND {piece}"
    )


def question(source: str, chosen: tuple[Feature, ...], moment: Moment, piece: str) -> str:
    """The question for some features of one source, of members within a condition."""
    today = f"toDate('{moment.day.isoformat()}')"
    shown = ", ".join(f"{_typed(one).replace('«today»', today)} AS f_{one.code}" for one in chosen)
    return (
        f"SELECT member, {shown} FROM ({_rows(source, moment, piece)}) "
        f"WHERE member NOT IN ({gone(moment)}) GROUP BY member ORDER BY member"
    )


def _typed(feature: Feature) -> str:
    return feature.sql if feature.is_text else f"toFloat64({feature.sql})"


def of_source(source: str) -> tuple[Feature, ...]:
    """The declared features of one source."""
    return tuple(feature for feature in FEATURES if feature.source == source)


async def marked(opened: Mirror, moment: Moment, members: Sequence[int] | None = None) -> pa.Table:
    """Recency, frequency and money of every member with an order, or of these, slice by slice."""
    chosen = tuple(BY_CODE[code] for code in MARKED)
    parts = [
        await mirror.table(opened, question("orders", chosen, moment, piece))
        async for piece in slices(opened, moment, members)
    ]
    return (
        pa.concat_tables(parts) if parts else pa.table({name: [] for name in ("member", *(f"f_{c}" for c in MARKED))})
    )


async def distributions(opened: Mirror, moment: Moment) -> list[Distribution]:
    """How each feature is spread; with many members, over every so-manieth, so that memory stays bounded."""
    [(highest,)] = await mirror.rows(opened, f"SELECT max(member) FROM members WHERE merchant = {moment.merchant_id}")
    piece = f"member % {highest // LOOKED_AT + 1} = 0"
    found = []
    for source in SOURCES:
        chosen = of_source(source)
        table = await mirror.table(opened, question(source, chosen, moment, piece))
        found += [spread(feature, table.column(f"f_{feature.code}")) for feature in chosen]
    return sorted(found, key=lambda one: [*BY_CODE].index(one.code))


async def of_members(
    opened: Mirror, moment: Moment, members: Sequence[int] | None = None
) -> AsyncIterator[tuple[str, pa.Table]]:
    """All declared features of all members, or of these: a table a source and slice, a row a member, columns `f_<code>`."""
    async for piece in slices(opened, moment, members):
        for source in SOURCES:
            yield source, await mirror.table(opened, question(source, of_source(source), moment, piece))


async def of_member(opened: Mirror, moment: Moment, member_id: int) -> dict[str, Any]:
    """The features of one member by code; what is not known of them is left out."""
    found: dict[str, Any] = {}
    for source in SOURCES:
        chosen = of_source(source)
        for row in await mirror.rows(opened, question(source, chosen, moment, f"member = {int(member_id)}")):
            found |= {feature.code: value for feature, value in zip(chosen, row[1:], strict=True)}
    return {code: value for code, value in found.items() if value not in (None, "")}
