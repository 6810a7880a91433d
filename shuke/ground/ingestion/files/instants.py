"""Columns of dates and times read all at once into microseconds UTC; without an offset they are in a given zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shuke.ground.ingestion.files.cells import Codes, text

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY = 86_400_000_000
EARLIEST, LATEST = -2_208_988_800_000_000, 7_258_118_400_000_000
"""1900 and 2200: what lies outside is a slip."""

_NAIVE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"
_AWARE = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$"
_LOOSE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:\.(\d{1,6})\d*)?秒?)?分?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")


def instants(column: pa.Array, zone_name: str, written: str | None = None) -> tuple[np.ndarray, Codes]:
    """Instants as microseconds since 1970 UTC. `written`: a strptime pattern when the file has its own way."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _native(column, zone_name)
    cells = text(column)
    values = np.zeros(len(cells), "i8")
    codes: Codes = []
    done = np.zeros(len(cells), bool)
    if written is None:
        for pattern, zoned in ((_NAIVE, False), (_AWARE, True)):
            at = pc.match_substring_regex(cells, pattern).to_numpy(zero_copy_only=False)
            found = _cast(cells, at, zoned) if at.any() else None
            if found is not None:
                values[at] = found if zoned else from_local(found, zone_name)
                done |= at
    for position in np.flatnonzero(~done).tolist():
        cell = cells[position].as_py()
        try:
            values[position] = _slowly(cell, zone_name, written)
        except (ValueError, OverflowError):
            codes.append((position, "not_instant" if cell else "missing"))
    return values, codes + _slips(values)


def from_local(local: np.ndarray, zone_name: str) -> np.ndarray:
    """Wall-clock microseconds to UTC; of a doubled hour the first, as the standard library reads it."""
    zone = ZoneInfo(zone_name)
    local = np.clip(local, EARLIEST - 2 * DAY, LATEST + 2 * DAY)
    days, where = np.unique(local // DAY, return_inverse=True)
    first = _offsets(days.tolist(), zone)
    following = _offsets([day + 1 for day in days.tolist()], zone)
    result = local - first[where]
    for position in np.flatnonzero((first != following)[where]).tolist():
        result[position] = local[position] - _offset(_naive(int(local[position])), zone)
    return result


def to_instant(microseconds: int) -> datetime:
    """The aware datetime in UTC."""
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC) + timedelta(microseconds=microseconds % 1_000_000)


def _native(column: pa.Array, zone_name: str) -> tuple[np.ndarray, Codes]:
    missing = pc.is_null(column).to_numpy(zero_copy_only=False)
    zoned = pa.types.is_timestamp(column.type) and column.type.tz is not None
    plain = pa.timestamp("us", column.type.tz) if zoned else pa.timestamp("us")
    micros = pc.fill_null(pc.cast(column, plain, safe=False).cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    values = micros if zoned else from_local(micros, zone_name)
    return values, [(int(i), "missing") for i in np.flatnonzero(missing)] + _slips(values)


def _slips(values: np.ndarray) -> Codes:
    return [(int(i), "not_instant") for i in np.flatnonzero((values < EARLIEST) | (values > LATEST))]


def _cast(cells: pa.StringArray, at: np.ndarray, zoned: bool) -> np.ndarray | None:
    chosen = cells if at.all() else cells.filter(pa.array(at))
    try:
        cast = pc.cast(chosen, pa.timestamp("us", "UTC" if zoned else None))
    except pa.ArrowInvalid:
        return None  # a thirteenth month somewhere: each on its own, so that only that one is refused
    return cast.cast(pa.int64()).to_numpy(zero_copy_only=False)


def _slowly(cell: str, zone_name: str, written: str | None) -> int:
    moment = parse(cell, written)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone_name))
    return _micros(moment)


def parse(cell: str, written: str | None) -> datetime:
    """One written date or time, aware only if it has an offset; raises `ValueError`."""
    if written is not None:
        return datetime.strptime(cell, written)
    if cell.isdigit() and len(cell) in {10, 13}:
        return datetime.fromtimestamp(int(cell) // (1 if len(cell) == 10 else 1000), UTC)
    if match := _DIGITS.fullmatch(cell):
        return datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]
    match = _LOOSE.fullmatch(cell)
    if match is None:
        raise ValueError(cell)
    *parts, fraction, offset = match.groups()
    moment = datetime(*(int(part or 0) for part in parts))  # type: ignore[arg-type]
    moment = moment.replace(microsecond=int((fraction or "0").ljust(6, "0")))
    if offset is None:
        return moment
    if offset == "Z":
        return moment.replace(tzinfo=UTC)
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    return moment.replace(tzinfo=timezone(-shift if offset[0] == "-" else shift))


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _naive(micros: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=micros)


def _offsets(days: Sequence[int], zone: ZoneInfo) -> np.ndarray:
    return np.array([_offset(_naive(day * DAY), zone) for day in days], "i8")


def _offset(local: datetime, zone: ZoneInfo) -> int:
    offset = local.replace(tzinfo=zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)
