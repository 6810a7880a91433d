"""The clock: one reader, a movable present, business dates with a day start."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.kit import clock

SHANGHAI = "Asia/Shanghai"


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_story_moves_the_clock_and_gives_it_back() -> None:
    moment = datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC)
    with clock.at(moment):
        assert clock.now() == moment
        with clock.at(moment + timedelta(days=1)):
            assert clock.now() == moment + timedelta(days=1)
        assert clock.now() == moment
    assert abs(clock.now() - moment) > timedelta(days=1)


def test_the_clock_needs_an_offset() -> None:
    with pytest.raises(AssertionError), clock.at(datetime(2026, 1, 1)):
        pass


async def test_tasks_started_inside_share_the_moment_and_others_do_not() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)

    async def look() -> datetime:
        await asyncio.sleep(0)
        return clock.now()

    outside = asyncio.ensure_future(look())
    with clock.at(moment):
        inside = asyncio.ensure_future(look())
    assert await inside == moment
    assert await outside != moment


@pytest.mark.parametrize(
    ("instant", "zone", "start", "day"),
    [
        ("2026-03-01T15:59:59+00:00", SHANGHAI, 0, date(2026, 3, 1)),
        ("2026-03-01T16:00:00+00:00", SHANGHAI, 0, date(2026, 3, 2)),
        ("2026-03-02T03:59:59+08:00", SHANGHAI, 240, date(2026, 3, 1)),
        ("2026-03-02T04:00:00+08:00", SHANGHAI, 240, date(2026, 3, 2)),
        ("2028-02-29T23:00:00+08:00", SHANGHAI, 0, date(2028, 2, 29)),
        ("2026-12-31T23:30:00-05:00", "America/New_York", 0, date(2026, 12, 31)),
        ("2026-12-31T23:30:00-05:00", SHANGHAI, 0, date(2027, 1, 1)),
    ],
)
def test_business_dates(instant: str, zone: str, start: int, day: date) -> None:
    assert clock.business_date(datetime.fromisoformat(instant), zone, start) == day


@given(
    day=st.dates(date(2000, 1, 2), date(2060, 1, 1)),
    zone=st.sampled_from([SHANGHAI, "UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    start=st.sampled_from([0, 240, 360]),
)
def test_a_day_starts_on_its_own_date(day: date, zone: str, start: int) -> None:
    first = clock.day_starts(day, zone, start)
    assert clock.business_date(first, zone, start) == day
    assert clock.business_date(first - timedelta(seconds=1), zone, start) == day - timedelta(days=1)


def test_an_unknown_zone_is_said() -> None:
    with pytest.raises((ZoneInfoNotFoundError, ValueError)):
        clock.zone("Mars/Olympus")
