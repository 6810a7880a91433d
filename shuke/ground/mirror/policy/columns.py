"""Values by the thousand as Arrow columns, without an object for each: instants, the wall clock, open properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa

from shuke.ground.mirror.policy.rows import EXACT, FORMS, LARGEST, LIST_MARK, STEP, instant, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror.policy.declared import News

DECIMAL = pa.decimal128(38, 9)
_UNIT = 10**9
_DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Deed(msgspec.Struct, gc=False):
    """One event as an announcement writes it, less what the table does not hold; `day` is its business date."""

    event: str
    member_id: int
    occurred_at: str
    day: str
    properties: dict[str, Any] | None = None
    store: str | None = None
    channel: str | None = None


class Deeds(msgspec.Struct, gc=False):
    """The payload of an announcement of behaviour."""

    events: list[Deed]


def event_columns(news: Sequence[News], zone: str) -> dict[str, Any]:
    """The rows of `EventRows` for announcements read as `Deeds`, by column: there may be very many."""
    sizes = [len(one.payload.events) for one in news]
    deeds: list[Deed] = list(chain.from_iterable(one.payload.events for one in news))
    at = instants([deed.occurred_at for deed in deeds])
    weekday, hour = wall_clock(at, zone)
    said, numbers = property_maps([deed.properties or {} for deed in deeds])
    return {
        "member": np.array([deed.member_id for deed in deeds], np.int64),
        "seq": np.repeat(np.array([one.seq for one in news], np.int64), sizes),
        "idx": np.concatenate([np.arange(size) for size in sizes]), "kind": [deed.event for deed in deeds], "at": at,
        "day": days([deed.day for deed in deeds]), "weekday": weekday, "hour": hour,
        "store": [deed.store or "" for deed in deeds], "channel": [deed.channel or "" for deed in deeds], "texts": said,
        "numbers": numbers,
    }  # fmt: skip


def instants(written: Sequence[str]) -> np.ndarray:
    """Instants as announcements write them, in microseconds since 1970."""
    try:
        read = pa.array(written, pa.string()).cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:  # a form that only Python reads
        read = pa.array([instant(one) for one in written], pa.timestamp("us", "UTC"))
    return read.view(pa.int64()).to_numpy()


def days(written: Sequence[str]) -> pa.Array:
    """Dates as announcements write them."""
    return pa.array(written, pa.string()).cast(pa.date32())


def wall_clock(micros: np.ndarray, zone: str) -> tuple[np.ndarray, np.ndarray]:
    """Weekday (1 is Monday) and hour of instants by the clocks of a zone."""
    seconds = micros // 1_000_000
    found, place = np.unique(seconds // _DAY, return_inverse=True)
    local = ZoneInfo(zone)
    ahead = np.array([_ahead(day * _DAY, local) for day in found.tolist()], np.int64)
    later = np.array([_ahead((day + 1) * _DAY, local) for day in found.tolist()], np.int64)
    shift = ahead[place]
    changing = (ahead != later)[place]
    if changing.any():  # clocks were changed on that day
        shift[changing] = [_ahead(second, local) for second in seconds[changing].tolist()]
    there = seconds + shift
    return (there // _DAY + 3) % 7 + 1, there // 3_600 % 24  # 1970 began on a Thursday


@lru_cache(maxsize=4_096)
def _ahead(second: int, zone: ZoneInfo) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())


def property_maps(given: Sequence[Mapping[str, Any]]) -> tuple[pa.MapArray, pa.MapArray]:
    """The open properties of many events as the columns `texts` and `numbers`: every value as `value_of` has it."""
    words: list[str] = []
    said: list[str] = []
    names: list[str] = []
    units: list[int] = []
    ends: tuple[list[int], list[int]] = ([0], [0])
    for properties in given:
        for name, value in properties.items():
            text, number = _kept(value)
            if number is not None:
                names.append(name)
                units.append(number)
            elif text:
                words.append(name)
                said.append(text)
        ends[0].append(len(words))
        ends[1].append(len(names))
    return _map(ends[0], words, pa.array(said, pa.string())), _map(ends[1], names, _decimals(units))


def _kept(value: Any) -> tuple[str, int | None]:
    """A value as text, or as a number in billionths; an empty text is no value."""
    kind = type(value)
    if kind is str:
        return value.replace(LIST_MARK, " ") if LIST_MARK in value else value, None
    number = _units(value) if kind is int or kind is float else None
    if number is not None:
        return "", number
    form, text, exact = value_of(value)
    return text, int(exact.scaleb(9, EXACT)) if form == FORMS["number"] else None


def _map(ends: list[int], names: list[str], values: pa.Array) -> pa.MapArray:
    return pa.MapArray.from_arrays(np.array(ends, np.int32), pa.array(names, pa.string()), values)


@lru_cache(maxsize=16_384)
def _parts(value: float) -> int | None:
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= LARGEST:
        return None
    return int(number.quantize(STEP, context=EXACT).scaleb(9, EXACT))


def _units(value: float) -> int | None:
    """A number in its billionths; None when it is kept as text."""
    if type(value) is int and -LARGEST < value < LARGEST:
        return value * _UNIT
    return _parts(value)


def _decimals(units: list[int]) -> pa.Array:
    """Numbers in their billionths as decimals: two 64-bit halves each, the low one first."""
    try:
        low = np.array(units, np.int64)
    except OverflowError:
        return pa.array([Decimal(one).scaleb(-9, EXACT) for one in units], DECIMAL)
    halves = np.empty((len(low), 2), "<i8")
    halves[:, 0], halves[:, 1] = low, low >> 63
    return pa.Array.from_buffers(DECIMAL, len(low), [None, pa.py_buffer(halves)])
