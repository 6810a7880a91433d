"""When a rule applies: each condition against days, times and members one can look up."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shuke.programs.earning import policy
from shuke.programs.earning.conditions import CONDITIONS
from shuke.programs.earning.conditions.festival import day_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


def holds(kind: str, params: dict[str, Any], **basis: Any) -> bool:
    at = basis.pop("at", datetime(2026, 3, 8, 12, tzinfo=SHANGHAI))
    asked = policy.Basis(occurred_at=at, zone=SHANGHAI, **basis)
    return bool(CONDITIONS.get(kind).holds(CONDITIONS.parameters(kind, params), asked))


def on(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02d}:00:00+08:00")


@pytest.mark.parametrize(
    ("festival", "days"),
    [
        ("spring_festival", "2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03"),
        ("qixi", "2024-08-10 2025-08-29 2026-08-19 2027-08-08 2028-08-26 2029-08-16 2030-08-05"),
        ("mid_autumn", "2024-09-17 2025-10-06 2026-09-25 2027-09-15 2028-10-03 2029-09-22 2030-09-12"),
        ("dragon_boat", "2024-06-10 2025-05-31 2026-06-19 2027-06-09 2028-05-28 2029-06-16 2030-06-05"),
        ("mothers_day", "2024-05-12 2025-05-11 2026-05-10"),
        ("fathers_day", "2024-06-16 2025-06-15 2026-06-21"),
        ("thanksgiving", "2024-11-28 2025-11-27 2026-11-26"),
        ("valentine", "2024-02-14 2030-02-14"), ("womens_day", "2026-03-08"), ("june_18", "2026-06-18"),
        ("double_11", "2026-11-11"), ("double_12", "2026-12-12"), ("national_day", "2026-10-01"),
    ],
)  # fmt: skip
def test_festivals_fall_on_their_known_days(festival: str, days: str) -> None:
    for day in map(date.fromisoformat, days.split()):
        assert day_of(festival, day.year) == day
        assert holds("festival", {"festivals": [festival]}, at=on(day.isoformat()))
        assert not holds("festival", {"festivals": [festival]}, at=on((day + timedelta(days=1)).isoformat()))


def test_a_lunar_festival_without_a_tabled_date_gives_nothing() -> None:
    assert day_of("qixi", 2031) is None
    assert not any(holds("festival", {"festivals": ["qixi"]}, at=on(f"2031-08-{day:02d}")) for day in range(1, 32))


def test_days_around_a_festival_count_over_new_year_too() -> None:
    around = {"festivals": ["new_year"], "days_before": 3, "days_after": 1}
    found = [day for day in ("2026-12-28", "2026-12-29", "2027-01-01", "2027-01-02", "2027-01-03")
             if holds("festival", around, at=on(day))]  # fmt: skip
    assert found == ["2026-12-29", "2027-01-01", "2027-01-02"]


@pytest.mark.parametrize(
    ("window", "born", "days", "expected"),
    [
        ("day", "1992-02-29", "2028-02-28 2028-02-29 2027-02-28 2027-03-01", "2028-02-29 2027-02-28"),
        ("week", "1990-01-01", "2025-12-28 2025-12-29 2025-12-31 2026-01-04 2026-01-05", "2025-12-29 2025-12-31 2026-01-04"),
        ("week", "1990-12-31", "2025-12-28 2025-12-29 2026-01-04 2026-12-31", "2025-12-29 2026-01-04 2026-12-31"),
        ("month", "1990-03-31", "2026-02-28 2026-03-01 2026-03-31 2026-04-01", "2026-03-01 2026-03-31"),
    ],
)  # fmt: skip
def test_birthday_windows(window: str, born: str, days: str, expected: str) -> None:
    known = policy.Known(birthday=date.fromisoformat(born))
    found = [day for day in days.split() if holds("birthday", {"window": window}, at=on(day), known=known)]
    assert found == expected.split()
    assert not holds("birthday", {"window": window}, at=on(expected.split(maxsplit=1)[0]))


@pytest.mark.parametrize(
    ("kind", "params", "yes", "no"),
    [
        ("amount", {"least_fen": 20_000, "most_fen": 50_000}, {"amount_fen": 20_000}, {"amount_fen": 19_999}),
        ("amount", {"least_fen": 20_000, "most_fen": 50_000}, {"amount_fen": 50_000}, {"amount_fen": 50_001}),
        ("weekday", {"weekdays": [6, 7]}, {"at": on("2026-03-08")}, {"at": on("2026-03-09")}),
        ("day_of_month", {"days": [8, 31]}, {"at": on("2026-01-31")}, {"at": on("2026-02-28")}),
        ("dates", {"dates": ["2026-03-08"]}, {"at": on("2026-03-08", 0)}, {"at": on("2026-03-09", 0)}),
        ("time_of_day", {"begins": "14:00", "ends": "17:00"}, {"at": on("2026-03-08", 14)}, {"at": on("2026-03-08", 17)}),
        ("time_of_day", {"begins": "22:00", "ends": "02:00"}, {"at": on("2026-03-08", 1)}, {"at": on("2026-03-08", 2)}),
        ("tier", {"levels": [2, 3]}, {"tier_level": 3}, {"tier_level": 1}),
        ("segment", {"segments": ["vip"]}, {"known": policy.Known(segments=frozenset({"vip"}))}, {}),
        ("segment", {"segments": ["vip"], "outside": True}, {}, {"known": policy.Known(segments=frozenset({"vip"}))}),
        ("channel", {"channels": ["mini"]}, {"channel": "mini"}, {"channel": "pos"}),
        ("store", {"stores": ["jingan"]}, {"store": "jingan"}, {"store": "xuhui"}),
        ("product", {"categories": ["护肤"], "pieces": 2}, {"lines": [policy.Line("JH-01", 2, 100, "护肤")]},
         {"lines": [policy.Line("JH-01", 1, 100, "护肤"), policy.Line("CZ-01", 5, 100, "彩妆")]}),
        ("nth_order", {"first": 2, "last": 3}, {"known": policy.Known(orders=2)}, {"known": policy.Known(orders=3)}),
        ("member_age", {"below_days": 30}, {"known": policy.Known(joined_at=on("2026-02-07"))},
         {"known": policy.Known(joined_at=on("2026-02-06"))}),
        ("payment", {"methods": ["wechat"]}, {"payments": ["cash", "wechat"]}, {"payments": ["cash"]}),
    ],
)  # fmt: skip
def test_a_condition_holds_and_does_not(
    kind: str, params: dict[str, Any], yes: dict[str, Any], no: dict[str, Any]
) -> None:
    assert holds(kind, params, **yes)
    assert not holds(kind, params, **no)


def test_the_business_date_counts_not_the_date_in_utc() -> None:
    late_evening = datetime(2026, 3, 7, 16, 30, tzinfo=UTC)  # 00:30 on Sunday the 8th in Shanghai
    assert holds("dates", {"dates": ["2026-03-08"]}, at=late_evening)
    assert holds("dates", {"dates": ["2026-03-07"]}, at=late_evening, day=date(2026, 3, 7))  # the day starts at 4 here
