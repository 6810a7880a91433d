"""The only reader of the system clock; everything above is told what time it is."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

_fixed: ContextVar[datetime | None] = ContextVar("shuke_fixed_clock", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC; a story's moving clock where one is set by `at`."""
    return _fixed.get() or datetime.now(UTC)


def monotonic() -> float:
    """Seconds for measuring how long something took; never a date."""
    return time.perf_counter()


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Let `now()` answer `instant` inside the block: replays of history and stories use it."""
    assert instant.tzinfo is not None, "an instant needs its offset"
    token = _fixed.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name; raises `ZoneInfoNotFoundError` for an unknown one."""
    return ZoneInfo(name)


def business_date(instant: datetime, zone_name: str, day_start_minutes: int = 0) -> date:
    """The merchant's own date of an instant: local date after moving back by the day's start (0 = midnight)."""
    local = instant.astimezone(zone(zone_name))
    return (local - timedelta(minutes=day_start_minutes)).date()


def day_starts(day: date, zone_name: str, day_start_minutes: int = 0) -> datetime:
    """The instant in UTC at which that business date begins."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)) + timedelta(minutes=day_start_minutes)
    return local.astimezone(UTC)
