"""Questions answered column by column: many rows out of PostgreSQL without an object for each value.

The server gathers every column into one array or one long text, and the bytes become numpy arrays as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg.pq.abc import PGresult

Kind = Literal["whole", "instant", "day", "text"]
_CASTS = {"whole": "bigint", "instant": "timestamptz", "day": "date"}
_ARRAY_HEAD = 20  # dimensions, null flag, type, length, lower bound: five 32-bit numbers
_EPOCH = {"instant": 946_684_800_000_000, "day": 10_957}  # 2000-01-01, where PostgreSQL counts from, in µs and days


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: all of them in one piece of UTF-8, and where each begins; the last entry is the end."""

    data: bytes
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1


Columns = dict[str, "np.ndarray | Texts"]


def gathering(sql: str, columns: Mapping[str, Kind]) -> str:
    """The statement that answers `sql` as one row, two cells for a text and one for any other column."""
    cells = []
    for name, kind in columns.items():
        if kind == "text":
            cells += [
                f"string_agg(q.{name}, '') as {name}",
                f"array_agg(octet_length(q.{name})::bigint) as {name}_size",
            ]
        else:
            cells.append(f"array_agg(q.{name}::{_CASTS[kind]}) as {name}")
    return f"select {', '.join(cells)} from ({sql}) q"


def parsed(result: PGresult, columns: Mapping[str, Kind]) -> Columns:
    """Arrays by column name: int64 (instants as µs, days as days since 1970) or `Texts`. NULL is not allowed."""
    made: Columns = {}
    cell = 0
    for name, kind in columns.items():
        if kind == "text":
            lengths = _array(result.get_value(0, cell + 1), "whole")
            starts = np.zeros(len(lengths) + 1, np.int32)
            np.cumsum(lengths, out=starts[1:])
            made[name] = Texts(result.get_value(0, cell) or b"", starts)
            cell += 2
        else:
            made[name] = _array(result.get_value(0, cell), kind)
            cell += 1
    return made


def _array(cell: Any, kind: Kind) -> np.ndarray:
    if cell is None:
        return np.zeros(0, np.int64)
    assert cell[7] == 0, "a column holds NULL"
    value = ">i4" if kind == "day" else ">i8"
    items = np.frombuffer(cell, np.dtype([("length", ">i4"), ("value", value)]), offset=_ARRAY_HEAD)
    return items["value"].astype(np.int64) + _EPOCH.get(kind, 0)
