"""How conditions become SQL: leaves that read the same rows share one pass, and a pass gives one bitmap per leaf."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


# The place of a row in time: the instant, then the merchant's sequence.
_AT = "bitShiftLeft(toUInt128(toUnixTimestamp64Micro(at)), 64)"
ORDER = f"({_AT} + bitShiftLeft(toUInt128(seq), 16) + idx)"
SIGNED_ORDER = f"({_AT} + place + idx)"


# Where a question inside a condition may be kept to the few members that are asked; a comment for the engine otherwise.
FEW = "/*few*/"
NEIGHBOURS = 2_000  # of more members than this runs of numbers are looked for


@dataclass(frozen=True, slots=True)
class Scan:
    """Rows to read: a FROM clause with its conditions. Equal scans are read once.

    `live` conditions leave out rows that were taken back; a scan of a signed table whose leaves all add up signs does
    without them.
    """

    source: str
    conditions: tuple[str, ...]
    live: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Aggregates of one leaf over one scan: `rows` are its own row conditions, an aggregate takes its row condition."""

    scan: Scan
    rows: tuple[str, ...]
    aggregates: tuple[Callable[[str | None], str], ...]
    live: bool = False
    none: int | None = None  # what a member without any row of this scan measures


@dataclass(frozen=True, slots=True)
class Plan:
    """How one leaf is answered: parts, and a test over their aggregates, written as {0}, {1} … in order.

    `inverted`: a member without any row belongs, so the test names those who do not. `select`: a question of its own
    instead, given the restriction to a few members: a SELECT of (member, t0, v0), v0 what the member measures.
    """

    parts: tuple[Part, ...]
    test: str
    inverted: bool = False
    select: Callable[[tuple[str, ...]], str] | None = None


@dataclass(slots=True)
class _Pass:
    scan: Scan
    live: bool = False
    plans: list[tuple[int, Plan]] = field(default_factory=list)


def _joined(conditions: Sequence[str], word: str) -> str:
    """Each in brackets: a merchant's condition must never lose its hold on an OR beside it."""
    return f" {word} ".join(f"({condition})" for condition in conditions)


def restriction(among: Sequence[int] | None) -> tuple[str, ...]:
    """A condition for a few members, or none for all. Thousands that are neighbours are said from first to last."""
    if among is None:
        return ()
    if len(among) > NEIGHBOURS:
        runs = _runs(among)
        if len(runs) * 10 < len(among):
            return (f"({' OR '.join(f'member BETWEEN {first} AND {last}' for first, last in runs)})",)
    return (f"member IN ({', '.join(str(int(member)) for member in among) or 'NULL'})",)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers without gaps, from first to last."""
    ordered = np.unique(np.fromiter(numbers, dtype=np.int64, count=len(numbers)))
    gaps = np.flatnonzero(np.diff(ordered) > 1)
    firsts, lasts = np.r_[0, gaps + 1], np.r_[gaps, len(ordered) - 1]
    return list(zip(ordered[firsts].tolist(), ordered[lasts].tolist(), strict=True))


def passes(plans: Sequence[Plan], among: Sequence[int] | None = None) -> list[tuple[list[int], str]]:
    """For each pass over the data: the numbers of the plans it answers, and a SELECT of (member, test, test …)."""
    few = restriction(among)
    shared: dict[Scan, _Pass] = {}
    made: list[tuple[list[int], str]] = []
    for number, plan in enumerate(plans):
        if plan.select is not None:
            made.append(([number], plan.select(few)))
            continue
        scans = {part.scan for part in plan.parts}
        if len(scans) > 1:
            made.append(([number], _tested(_several_scans(plan, few), [_test(plan)])))
            continue
        found = shared.setdefault(plan.parts[0].scan, _Pass(plan.parts[0].scan))
        found.plans.append((number, plan))
        found.live = found.live or any(part.live for part in plan.parts)
    for one in shared.values():
        made.append(([number for number, _ in one.plans], _one_scan(one, few)))
    return [(numbers, kept_to(few, select)) for numbers, select in made]


def kept_to(few: tuple[str, ...], select: str) -> str:
    """The question with its inner questions kept to the few members too."""
    return select.replace(FEW, "".join(f" AND {one}" for one in few))


def _one_scan(one: _Pass, few: tuple[str, ...]) -> str:
    selected: dict[str, str] = {}  # an aggregate that several leaves need is worked out once
    tests: list[str] = []
    alone = len(one.plans) == 1 and len(one.plans[0][1].parts) == 1
    where = [*one.scan.conditions, *few, *(one.scan.live if one.live else ())]
    needed: list[str] = []
    for _, plan in one.plans:
        names: list[str] = []
        for part in plan.parts:
            condition = None if alone or not part.rows else _joined(part.rows, "AND")
            needed.append(_joined(part.rows, "AND") if part.rows else "1")
            for aggregate in part.aggregates:
                names.append(selected.setdefault(aggregate(condition), f"m{len(selected)}"))
        tests.append(plan.test.format(*names))
    if "1" not in needed:
        where.append(_joined(list(dict.fromkeys(needed)), "OR"))
    inner = _grouped(one.scan.source, where, [f"{sql} AS {name}" for sql, name in selected.items()])
    return _tested(inner, tests)


def _several_scans(plan: Plan, few: tuple[str, ...]) -> str:
    """Aggregates of different rows, brought together by member; NULL where a member has none of them."""
    total = sum(len(part.aggregates) for part in plan.parts)
    selects, at = [], 0
    for part in plan.parts:
        where = [*part.scan.conditions, *few, *(part.scan.live if part.live else ()), *part.rows]
        own = range(at, at + len(part.aggregates))
        names = [f"{part.aggregates[n - at](None)} AS a{n}" for n in own]
        inner = _grouped(part.scan.source, where, names)
        shown = ", ".join(f"toNullable(a{n}) AS m{n}" if n in own else f"NULL AS m{n}" for n in range(total))
        selects.append(f"SELECT member, {shown} FROM ({inner})")
        at += len(part.aggregates)
    nones = [part.none for part in plan.parts for _ in part.aggregates]
    merged = ", ".join(
        f"anyOrNull(m{n}) AS v{n}" if none is None else f"ifNull(anyOrNull(m{n}), {none}) AS v{n}"
        for n, none in enumerate(nones)
    )
    return f"SELECT member, {merged} FROM ({' UNION ALL '.join(selects)}) GROUP BY member"


def _test(plan: Plan) -> str:
    return plan.test.format(*(f"v{n}" for n in range(sum(len(part.aggregates) for part in plan.parts))))


def all_values_sql(plan: Plan) -> str:
    """What every member with such rows measures, by the one part of a plan: (member, value)."""
    (part,) = plan.parts
    where = [*part.scan.conditions, *(part.scan.live if part.live else ()), *part.rows]
    return _grouped(part.scan.source, where, [f"{part.aggregates[0](None)} AS value"])


def values_sql(plan: Plan, among: Sequence[int]) -> str:
    """What a few members measure: (member, value, value …), for explaining."""
    if plan.select is not None:
        return f"SELECT member, v0 FROM ({plan.select(restriction(among))})"
    return kept_to(restriction(among), _several_scans(plan, restriction(among)))


def _grouped(source: str, where: Sequence[str], selected: Sequence[str]) -> str:
    return f"SELECT member, {', '.join(selected)} FROM {source} WHERE {_joined(where, 'AND')} GROUP BY member"


def _tested(inner: str, tests: Sequence[str]) -> str:
    shown = ", ".join(f"({test}) AS t{n}" for n, test in enumerate(tests))
    return f"SELECT member, {shown} FROM ({inner})"


def bitmaps_sql(
    selects: Sequence[tuple[list[int], str]], besides: Sequence[tuple[str, int]] = ()
) -> tuple[list[int], str]:
    """One statement for all passes: the plan numbers in the order of its bitmap columns, and the SQL.

    `besides`: one-row questions of their own with so many bitmaps b0, b1 …; their columns come first.
    """
    order: list[int] = []
    tables = [f"({sql}) AS x{number}" for number, (sql, _) in enumerate(besides)]
    columns = [f"x{number}.b{n}" for number, (_, width) in enumerate(besides) for n in range(width)]
    for number, (plans, select) in enumerate(selects):
        if len(plans) == 1:
            # Filtering first spares the bitmap the members who fail.
            tables.append(f"(SELECT groupBitmapState(member) AS b0 FROM ({select}) WHERE t0) AS p{number}")
        else:
            states = ", ".join(f"groupBitmapStateIf(member, t{n}) AS b{n}" for n in range(len(plans)))
            tables.append(f"(SELECT {states} FROM ({select})) AS p{number}")
        columns.extend(f"p{number}.b{n}" for n in range(len(plans)))
        order.extend(plans)
    return order, f"SELECT {', '.join(columns)} FROM {', '.join(tables)}"
