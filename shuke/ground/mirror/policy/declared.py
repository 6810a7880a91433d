"""The words in which a room says what the mirror may copy: tables, sources, events, attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from shuke.ground.mirror.policy.moment import Moment

ColumnType = Literal["word", "text", "whole", "small", "sign", "key", "instant", "day", "decimal", "texts", "numbers"]
ValueType = Literal["text", "number", "instant", "day", "flag", "any"]
PLACE_BITS, PART_BITS = 30, 14  # of a place: announcement, number in it (16 bits), part of that
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)  # the `at` of a value that holds for all time


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a mirrored table."""

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Table:
    """A mirrored table. `orders` are its sort keys after the merchant: one physical table for each.

    A `signed` table has columns row_id, sign and effective_at: a row is taken back by the same row with sign −1, so
    that counts and sums as of any instant are plain sums; and `place` (`News.place`), where what its rows tell of stands in
    the log: 0 in rows that only change what is there already, which take the place of the rows with their `seq`.
    `moves`: the rows follow a member who is merged.
    """

    name: str
    columns: tuple[Column, ...]
    orders: tuple[tuple[str, ...], ...]
    signed: bool = False
    moves: bool = True

    @property
    def stands(self) -> str:
        """Where a row stands in the merchant's sequence, as SQL: comparable between tables."""
        if self.signed:
            return "(place + idx)"
        return f"(bitShiftLeft(toUInt64(seq), {PLACE_BITS}) + bitShiftLeft(toUInt64(idx), {PART_BITS}))"

    @property
    def physical(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Name and sort key of each copy; the first carries the table's own name."""
        return tuple(
            (self.name if number == 0 else f"{self.name}_by_{order[0]}", order)
            for number, order in enumerate(self.orders)
        )


@dataclass(frozen=True, slots=True)
class News:
    """One announcement as the mirror hands it to a source: its payload as a dict, or as what the source `reads`."""

    seq: int
    at: datetime
    kind: str
    payload: Any
    batch_id: int = 0

    def place(self, number: int) -> int:
        """Where the announcement's thing of that number stands in the merchant's sequence, before its own parts."""
        return (self.seq << PLACE_BITS) + (number << PART_BITS)


@dataclass(frozen=True, slots=True)
class Source:
    """Which announcements feed a table, and how: `rows(tx, news)` returns columns (member, seq, idx and the table's own).
    `applied` too, where `seq` only says what came first and is not the announcement's number.

    With several tables, it returns such columns by table, from one reading; a list of such columns is one after the other.
    Where there may be many rows they come from `tx.columns` and stay arrays. It reads what it needs in a constant number of
    statements for the whole batch, and gives the same rows again when it is asked again.

    `reads`: what payloads are read as where they list so much that dicts would be too many; one type for all who hear the kind.
    """

    kinds: tuple[str, ...]
    table: str | tuple[str, ...]
    rows: Callable[[Any, Sequence[News]], Awaitable[Any]]
    reads: type[msgspec.Struct] | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it feeds."""
        return (self.table,) if isinstance(self.table, str) else self.table


@dataclass(frozen=True, slots=True)
class Redirect:
    """An announcement after which one member's rows belong to another: names of the two payload fields.

    With `back` it takes such a redirect apart: the rows that came from the old member leave the new one.
    """

    kind: str
    old: str
    new: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an event: an SQL expression over the table, with «as_of» and «merchant» to fill in.

    An empty text is no value; of the other types `has` says when there is one (none: always). `title` is (Chinese, English);
    `words` say the values that are codes.
    """

    sql: str
    type: ValueType
    title: tuple[str, str] = ("", "")
    words: Mapping[Any, tuple[str, str]] = field(default_factory=dict, hash=False)
    has: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something members do, by name: the rows of `table` where `filter` holds.

    With `open` the table carries maps `texts` and `numbers` in which any further property is looked up. An `echo` is written by
    what listens to the copying, of its own doing; its members are told apart. `parts` names the event that tells each of its
    parts (an order's lines), with what all of them share under the same names.
    """

    name: str
    table: str
    properties: Mapping[str, Property]
    title: tuple[str, str]
    filter: str = ""
    open: bool = False
    echo: bool = False
    parts: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A fact about a member, by name: `value` is an SQL aggregate over the member's rows of `table` that hold `filter`.

    Without a table the value is looked up in the attribute rows under its name. `none` is what a member without any row
    has; `words` say the values that are codes. `fold` is the same arithmetic in plain Python over rows as dicts:
    (rows, moment, arguments) → value. `other` is the same fact when it is asked with the arguments of that one instead.
    """

    name: str
    type: ValueType
    title: tuple[str, str]
    table: str = ""
    filter: Callable[[Moment, dict[str, Any]], str] | None = None
    value: Callable[[Moment, dict[str, Any]], str] | None = None
    fold: Callable[[Sequence[Mapping[str, Any]], Moment, dict[str, Any]], Any] | None = None
    none: Any = None
    arguments: Mapping[str, str] = field(
        default_factory=dict
    )  # name → "duration" | "number" (above 0) | "offer" | "text"
    words: Mapping[Any, tuple[str, str]] = field(default_factory=dict)
    other: Attribute | None = None
