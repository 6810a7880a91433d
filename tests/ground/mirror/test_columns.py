"""Values worked out column by column are those worked out one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.ground import mirror

ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu")
_word = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["\x1f玫瑰\x1f精华", "", "护肤"])
_value = (
    st.none() | st.booleans() | _word | st.integers() | st.integers(-(10**30), 10**30)
    | st.floats() | st.sampled_from([0.35, 1e20, -1e27, 1e28, -0.0, 0.1234567895]) | st.lists(_word | st.integers(), max_size=3)
)  # fmt: skip
_offset = st.sampled_from([timedelta(0), timedelta(hours=8), timedelta(hours=-3, minutes=-30)]).map(timezone)
_at = st.builds(
    lambda at, offset, whole: at.replace(microsecond=0 if whole else at.microsecond, tzinfo=offset),
    st.datetimes(datetime(1975, 1, 1), datetime(2100, 1, 1)), _offset, st.booleans(),
)  # fmt: skip


def one_by_one(zone: str, happened: list[tuple[datetime, dict[str, Any]]]) -> dict[str, list[Any]]:
    made = mirror.EventRows(zone)
    for n, (at, properties) in enumerate(happened):
        made.add("view", 1, at, (1, n), properties)
    return made.columns


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ZONES), st.lists(st.tuples(_at, st.dictionaries(_word, _value, max_size=4)), max_size=6))
def test_columns_are_the_rows(zone: str, happened: list[tuple[datetime, dict[str, Any]]]) -> None:
    rows = one_by_one(zone, happened)
    at = mirror.instants([at.isoformat().replace("+00:00", "Z") for at, _ in happened])
    assert pa.array(at, pa.int64()).view(pa.timestamp("us", "UTC")).to_pylist() == [
        each.astimezone(UTC) for each in rows["at"]
    ]
    weekday, hour = mirror.wall_clock(at, zone)
    assert (weekday.tolist(), hour.tolist()) == (rows["weekday"], rows["hour"])
    texts, numbers = mirror.property_maps([properties for _, properties in happened])
    assert [dict(one) for one in texts.to_pylist()] == rows["texts"]
    assert [dict(one) for one in numbers.to_pylist()] == rows["numbers"]


def test_an_hour_that_is_there_twice_has_its_clock() -> None:
    """In New York the clocks went back on 1 November 2026 at 06:00 UTC."""
    before = datetime(2026, 11, 1, 5, 59, tzinfo=UTC)
    at = np.array([int(one.timestamp()) * 10**6 for one in (before, before + timedelta(minutes=2))])
    assert mirror.wall_clock(at, "America/New_York")[1].tolist() == [1, 1]
    assert mirror.wall_clock(at + 3_600_000_000, "America/New_York")[1].tolist() == [1, 2]
