"""Cells read a column at a time agree with reading them one by one, digit by digit."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.ground.ingestion.files import cells, instants, typed
from tests.ground.ingestion.files.world import column


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ("0", 0), ("0.00", 0), ("199", 19900), ("199.5", 19950), ("199.05", 19905), ("199.0500", 19905),
        ("1,234.50", 123450), ("¥1,234.50", 123450), ("¥12", 1200), ("12.30元", 1230), (" 7.10 ", 710), ("+3", 300),
        ("1e3", 100000), (".5", 50), ("12,5", 12500), ("99999999999.99", 9999999999999),
    ],
)  # fmt: skip
def test_money_is_exact_fen(written: str, fen: int) -> None:
    values, bad = cells.fen(column("1.00", written))
    assert (values.tolist(), bad) == ([100, fen], [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "missing"), ("  ", "missing"), ("abc", "not_money"), ("1.2.3", "not_money"), ("-1", "negative"),
        ("-0.01", "negative"), ("1.005", "too_precise"), ("NaN", "not_money"), ("Infinity", "not_money"),
        ("1e30", "too_large"), ("9999999999999", "too_large"),
    ],
)  # fmt: skip
def test_what_is_no_money_says_why(written: str, code: str) -> None:
    values, bad = cells.fen(column("1.00", written))
    assert values.tolist()[0] == 100
    assert bad == [(1, code)]


def test_floats_go_to_the_nearest_fen() -> None:
    values, bad = cells.fen(column(0.1 + 0.2, 2.675, 1.15, 0.0, None, float("inf"), -0.01))
    assert values.tolist()[:4] == [30, 268, 115, 0]
    assert sorted(bad) == [(4, "missing"), (5, "too_large"), (6, "negative")]


def test_texts_that_were_floats_are_rounded_half_up() -> None:
    assert cells.fen(column("33.335", "0.30000000000000004"), approximate=True)[0].tolist() == [3334, 30]


def test_typed_columns_are_money_too() -> None:
    decimals = pa.array([Decimal("1.10"), Decimal("2.00"), None], pa.decimal128(10, 2))
    values, bad = cells.fen(decimals)
    assert (values.tolist()[:2], bad) == ([110, 200], [(2, "missing")])
    assert cells.fen(column(3, 0))[0].tolist() == [300, 0]
    assert cells.fen(column(305), unit="fen")[0].tolist() == [305]
    assert cells.fen(column("305"), unit="fen")[0].tolist() == [305]
    assert cells.fen(column("3.05"), unit="fen")[1] == [(0, "too_precise")]


@given(st.lists(st.integers(0, cells.LARGEST), min_size=1, max_size=50))
def test_money_written_and_read_is_the_same(amounts: list[int]) -> None:
    written = pa.array([f"{fen // 100}.{fen % 100:02}" for fen in amounts])
    assert cells.fen(written)[0].tolist() == amounts
    if max(amounts) < 10**12:
        assert cells.fen(pa.array([fen / 100 for fen in amounts]))[0].tolist() == amounts


def test_counts() -> None:
    values, bad = cells.count(column("3", "0", "2.0", "1,000", "1.5", "-1", "x", ""))
    assert values.tolist()[:4] == [3, 0, 2, 1000]
    assert sorted(bad) == [(4, "not_count"), (5, "negative"), (6, "not_count"), (7, "missing")]


def test_text_is_trimmed_and_whole_floats_are_whole() -> None:
    assert cells.text(column(" a ", None, "b")).to_pylist() == ["a", "", "b"]
    assert cells.text(column(13800138000.0, None)).to_pylist() == ["13800138000", ""]
    assert cells.text(pa.array(["x", "y", "x"]).dictionary_encode()).to_pylist() == ["x", "y", "x"]


def test_phones_have_one_writing() -> None:
    values, bad = cells.phone(column("13800138000", "+86 138-0013-8000", "", "021 5555 0000", "二三四"))
    assert values.to_pylist() == ["13800138000", "13800138000", "", "02155550000", ""]
    assert bad == [(4, "not_phone")]


def test_channels_speak_chinese() -> None:
    assert cells.channel(column("门店", "小程序", "抖音", "POS", "", "团购"))[0].to_pylist() == [
        "pos", "mini", "douyin", "pos", "", "团购",
    ]  # fmt: skip


SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-08 14:05:00", "2026-03-08T14:05", "2026/3/8 14:05", "2026.03.08 14:05:00", "2026年3月8日 14:05",
        "2026年03月08日14时05分00秒", "20260308140500", "2026-03-08T06:05:00Z", "2026-03-08T15:05:00+09:00",
        "2026-03-08 06:05:00+0000", "1772949900", "1772949900000",
    ],
)  # fmt: skip
def test_many_ways_to_write_one_instant(written: str) -> None:
    values, bad = instants.instants(column(written, written), "Asia/Shanghai")
    assert not bad
    assert instants.to_instant(int(values[0])) == datetime(2026, 3, 8, 14, 5, tzinfo=SHANGHAI)


def test_dates_begin_at_local_midnight_and_nonsense_is_told_apart() -> None:
    values, bad = instants.instants(
        column("2026-03-08", "2026-13-01", "", "yesterday", "2026-02-30 10:00"), "Asia/Shanghai"
    )
    assert instants.to_instant(int(values[0])) == datetime(2026, 3, 7, 16, tzinfo=UTC)
    assert sorted(bad) == [(1, "not_instant"), (2, "missing"), (3, "not_instant"), (4, "not_instant")]


def test_a_pattern_of_ones_own() -> None:
    values, bad = instants.instants(column("08/03/26 02:05 PM", "x"), "Asia/Shanghai", "%d/%m/%y %I:%M %p")
    assert instants.to_instant(int(values[0])) == datetime(2026, 3, 8, 14, 5, tzinfo=SHANGHAI)
    assert bad == [(1, "not_instant")]


def test_typed_timestamps_keep_their_instant() -> None:
    naive = pa.array(np.array(["2026-03-08T14:05"], "M8[ns]"))
    aware = pa.array([datetime(2026, 3, 8, 6, 5, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    assert instants.instants(naive, "Asia/Shanghai")[0] == instants.instants(aware, "Asia/Shanghai")[0]
    assert instants.instants(pa.array([None], pa.timestamp("us")), "UTC")[1] == [(0, "missing")]


@given(
    st.lists(
        st.datetimes(datetime(1970, 1, 2), datetime(2037, 1, 1)).map(lambda d: d.replace(microsecond=0)), min_size=1
    ),
    st.sampled_from(["America/New_York", "Asia/Shanghai", "Europe/London", "Australia/Lord_Howe", "UTC"]),
)
def test_local_time_follows_the_zone_also_around_its_changes(moments: list[datetime], zone: str) -> None:
    values, bad = instants.instants(pa.array([moment.isoformat(" ") for moment in moments]), zone)
    assert not bad
    assert [instants.to_instant(int(value)) for value in values] == [
        moment.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC) for moment in moments
    ]


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("text", "007", "007"), ("integer", "42", 42), ("integer", "42.0", 42), ("number", "1,234.5", 1234.5),
        ("boolean", "是", True), ("boolean", "0", False), ("list", "护肤、彩妆", ["护肤", "彩妆"]),
        ("list", '["a","b"]', ["a", "b"]),
        ("money", "12.5", 1250), ("date", "1992年3月8日", datetime(1992, 3, 8).date()),
        ("datetime", "2026-03-08", datetime(2026, 3, 7, 16, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_declared_types(kind: typed.Type, written: str, value: object) -> None:
    assert typed.values(column(written, ""), kind, "Asia/Shanghai") == ([value, None], [])


def test_what_is_not_of_its_type_is_told() -> None:
    assert typed.values(column("x", "1"), "integer", "UTC") == ([None, 1], [(0, "not_count")])
    assert typed.values(column("maybe"), "boolean", "UTC")[1] == [(0, "not_boolean")]
    assert typed.values(column("nan"), "number", "UTC")[1] == [(0, "not_number")]
