"""What changes by the passing of time alone: which rows cross an edge between two instants, and when the next one will.

Days and longer change at the start of a business date, for everybody at once, and need no row to be looked at; what slides
(hours, minutes), what takes effect later and what runs out does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror import Duration, instant_literal, quote
from shuke.insight.grammar import conditions
from shuke.insight.grammar.conditions import attr, did, rank, sequence, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyroaring import BitMap

    from shuke.ground.mirror import Event, Moment, Registry
    from shuke.insight.grammar.conditions.attr import Attr
    from shuke.insight.grammar.conditions.did.asking import Counted
    from shuke.insight.grammar.policy.rules import Leaf, Node
    from shuke.insight.grammar.policy.windows import Window

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = 4_000_000_000_000_000  # microseconds: what fits a number of 32 bits in seconds


@dataclass(frozen=True, slots=True)
class Slide:
    """Rows of a table that change what they mean `after` (or before, where negative) the instant in a column."""

    table: str
    filter: str
    column: str
    after: timedelta = timedelta(0)


JOINING = Slide("members", "", "joined_at")


def slides(trees: Iterable[Node], registry: Registry) -> list[Slide]:
    """All edges of the conditions of these rules, each once; and the instant at which a member joins the population."""
    found = (slide for tree in trees for leaf in conditions.leaves(tree) for slide in _of_leaf(leaf, registry))
    return list(dict.fromkeys((JOINING, *found)))


def _of_leaf(leaf: Leaf, registry: Registry) -> Iterator[Slide]:
    params = leaf.params
    if leaf.kind == did.CODE:
        since = _ago(params.comparison.value)  # "last ordered less than two hours ago"
        yield from _of_event(params.counted.event, registry, [*_lengths(params.counted.window), *since])
        if params.other is not None:
            yield from _of_counted(params.other, registry)
    elif leaf.kind == rank.CODE:
        yield from _of_counted(params.counted, registry)
    elif leaf.kind == sequence.CODE:
        lengths: list[timedelta | None] = [*_lengths(params.window)]
        if params.absent is not None and params.absent.within is not None and params.absent.within.days is None:
            lengths.append(params.absent.within.delta)
        for step in params.asked:
            yield from _of_event(step.counted.event, registry, lengths)
    elif leaf.kind == tag.CODE:
        yield from _of_fact(params.params, registry)
    elif leaf.kind == attr.CODE:
        yield from _of_fact(params, registry)


def _of_counted(counted: Counted, registry: Registry) -> Iterator[Slide]:
    yield from _of_event(counted.event, registry, _lengths(counted.window))


def _of_event(event: Event, registry: Registry, lengths: Iterable[timedelta | None]) -> Iterator[Slide]:
    signed = registry.tables[event.table].signed
    yield Slide(event.table, event.filter, "effective_at" if signed else "at")
    for length in lengths:
        if length is not None:
            yield Slide(event.table, event.filter, "at", length)


def _lengths(window: Window) -> list[timedelta]:
    """The lengths of a window that slide."""
    raw = window.raw
    texts = [raw["last"]] if "last" in raw else raw.get("between", [])
    return [length.delta for length in map(Duration.parse, texts) if length.days is None]


def _of_fact(fact: Attr, registry: Registry) -> Iterator[Slide]:
    table = fact.fact.table
    if not table:
        for length in (timedelta(0), *_ago(fact.comparison.value)):
            yield Slide("attributes", f"name = {quote(fact.fact.name)}", "at", length)
        return
    lengths = [given.delta for given in fact.arguments.values() if isinstance(given, Duration) and given.days is None]
    lengths += _ago(fact.comparison.value)
    for column in registry.tables[table].columns:
        if column.type == "instant":
            yield Slide(table, "", column.name)
            for length in lengths:
                yield Slide(table, "", column.name, length)
                yield Slide(table, "", column.name, -length)


def _ago(value: Any) -> list[timedelta]:
    """What a comparison with "36 hours ago" slides by."""
    listed = value if isinstance(value, list) else [value]
    lengths = [Duration.parse(one["ago"]) for one in listed if isinstance(one, dict) and "ago" in one]
    return [length.delta for length in lengths if length.days is None]


def crossed_sql(found: Iterable[Slide], moment: Moment, since: datetime) -> str:
    """The members with a row that crossed an edge after `since`, up to the moment: one bitmap."""
    parts = [
        f"SELECT member FROM {one.table} WHERE {_mine(one, moment)} AND {one.column} > {instant_literal(since - one.after)} "
        f"AND {one.column} <= {instant_literal(moment.as_of - one.after)}"
        for one in found
    ]
    return f"SELECT groupBitmapState(member) AS b0 FROM ({' UNION ALL '.join(parts)})"


def next_sql(found: Iterable[Slide], moment: Moment, few: tuple[str, ...] = ()) -> str:
    """When the next row crosses an edge, in whole seconds since 1970, upwards: a bitmap of one number, or of none."""
    parts = [
        f"SELECT minOrNull(toUnixTimestamp64Micro({one.column})) + {round(one.after.total_seconds() * 1_000_000)} AS due "
        f"FROM {one.table} WHERE {' AND '.join((_mine(one, moment), *few))} "
        f"AND {one.column} > {instant_literal(moment.as_of - one.after)}"
        for one in found
    ]
    return (
        f"SELECT groupBitmapState(toUInt32(assumeNotNull(intDiv(first + 999999, 1000000)))) AS b0 FROM (SELECT min(due) AS first "
        f"FROM ({' UNION ALL '.join(parts)}) WHERE isNotNull(due)) WHERE first > 0 AND first < {LAST}"
    )


def due_of(found: BitMap) -> datetime | None:
    """The instant that `next_sql` found, or None."""
    return EPOCH + timedelta(seconds=found[0]) if found else None


def crossings_sql(
    found: Iterable[Slide], moment: Moment, few: tuple[str, ...], until: tuple[datetime, int]
) -> str:  # fmt: skip
    """The next instants at which rows cross an edge, up to an instant and at most so many, in microseconds since 1970."""
    last, most = until
    parts = [
        f"SELECT toUnixTimestamp64Micro({one.column}) + {round(one.after.total_seconds() * 1_000_000)} AS due FROM {one.table} "
        f"WHERE {' AND '.join((_mine(one, moment), *few))} AND {one.column} > {instant_literal(moment.as_of - one.after)} "
        f"AND {one.column} <= {instant_literal(last - one.after)}"
        for one in found
    ]
    return f"SELECT DISTINCT due FROM ({' UNION ALL '.join(parts)}) ORDER BY due LIMIT {most}"


def _mine(one: Slide, moment: Moment) -> str:
    return f"merchant = {moment.merchant_id}" + (f" AND ({one.filter})" if one.filter else "")


def next_day(moment: Moment) -> datetime:
    """When the next business date begins."""
    return moment.starts(moment.day + timedelta(days=1))
