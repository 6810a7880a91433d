"""Values worked out column by column are those worked out one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.ground import mirror
from shuke.ground.mirror.engines.arrow import arrow_table
from shuke.ground.mirror.policy import declared

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

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


Happened = list[tuple[datetime, dict[str, Any]]]


def one_by_one(zone: str, told: list[Happened]) -> dict[str, list[Any]]:
    made = mirror.EventRows(zone)
    for seq, happened in enumerate(told):
        for n, (at, properties) in enumerate(happened):
            made.add("浏览", n, at, (seq, n), properties, store="s1" if n else "", channel="mini")
    return made.columns


def announced(zone: str, told: list[Happened]) -> list[mirror.News]:
    made = []
    for seq, happened in enumerate(told):
        deeds = [
            mirror.Deed(
                event="浏览", member_id=n, occurred_at=at.isoformat().replace("+00:00", "Z"),
                day=at.astimezone(ZoneInfo(zone)).date().isoformat(), properties=properties or None,
                store="s1" if n else None, channel="mini",
            )
            for n, (at, properties) in enumerate(happened)
        ]  # fmt: skip
        made.append(mirror.News(seq, NOON, "events_recorded", mirror.Deeds(deeds)))
    return made


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.lists(st.lists(st.tuples(_at, st.dictionaries(_word, _value, max_size=4)), max_size=4), min_size=1, max_size=3),
)
def test_columns_are_the_rows(zone: str, told: list[Happened]) -> None:
    table = declared().tables["events"]
    rows = arrow_table(table, 7, one_by_one(zone, told))
    assert arrow_table(table, 7, mirror.event_columns(announced(zone, told), zone)).to_pylist() == rows.to_pylist()


def test_an_hour_that_is_there_twice_has_its_clock() -> None:
    """In New York the clocks went back on 1 November 2026 at 06:00 UTC."""
    before = datetime(2026, 11, 1, 5, 59, tzinfo=UTC)
    at = np.array([int(one.timestamp()) * 10**6 for one in (before, before + timedelta(minutes=2))])
    assert mirror.wall_clock(at, "America/New_York")[1].tolist() == [1, 1]
    assert mirror.wall_clock(at + 3_600_000_000, "America/New_York")[1].tolist() == [1, 2]
