"""What rules give together: kinds, multipliers, groups, caps; and what a refund leaves of it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.programs import earning
from shuke.programs.earning import policy, queries

SUNDAY = datetime.fromisoformat("2026-03-08T12:00:00+08:00")
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKEND = [{"kind": "weekday", "params": {"weekdays": [6, 7]}}]


def rule(
    number: int, kind: str, params: dict[str, Any] | None = None, conditions: Any = (), **terms: Any
) -> policy.LiveRule:
    named = (number, 1, kind, f"规则{number}")
    return queries.compiled(named, params or {}, list(conditions), queries.terms_of(terms))


def give(rules: list[policy.LiveRule], yuan: int = 100, **basis: Any) -> list[policy.Award]:
    more = {name: basis.pop(name) for name in ("counters", "multiplier_policy") if name in basis}
    asked = policy.Basis(occurred_at=SUNDAY, amount_fen=yuan * 100, zone=SHANGHAI, **basis)
    ordered = sorted(rules, key=lambda one: (one.priority, one.rule_id))
    return earning.evaluate(ordered, earning.EFFECTS, asked, member_id=7, **more)


def points(rules: list[policy.LiveRule], yuan: int = 100, **basis: Any) -> list[int]:
    return [award.points for award in give(rules, yuan, **basis)]


@pytest.mark.parametrize(("yuan", "expected"), [(999, []), (1000, [200]), (1999, [200]), (2000, [500]), (2100, [500])])
def test_the_ladder_counts_the_highest_step_once(yuan: int, expected: list[int]) -> None:
    assert points([rule(1, "spend_ladder")], yuan) == expected


def test_a_returned_part_gives_back_the_step_it_no_longer_reaches() -> None:
    """points.md, trap 6: 2,100 → 500; 200 returned, 1,900 → 200; 300 are taken back."""
    (award,) = give([rule(1, "spend_ladder")], 2100)
    assert earning.keeps(award.why, 190_000) == 200
    assert earning.keeps(award.why, 0) == 0


def test_the_monthly_ladder_gives_what_the_month_has_not_given_yet() -> None:
    monthly = rule(1, "spend_ladder", {"per": "month"})
    known = policy.Known(months={"2026-03": 90_000, "2026-02": 500_000})
    assert points([monthly], 200, known=known) == [200]
    known.months = {"2026-03": 110_000}
    assert points([monthly], 800, known=known) == []
    assert points([monthly], 900, known=known) == [300]


@pytest.mark.parametrize(
    ("how", "most", "expected"),
    [("sum", 500, [200, 100]), ("product", 500, [200, 200]), ("max", 500, [200]), ("sum", 250, [200, 50])],
)
def test_weekend_double_meets_platinum_double(how: str, most: int, expected: list[int]) -> None:
    rules = [rule(1, "spend_rate"), rule(2, "multiplier", {"percent": 200}, WEEKEND)]
    policy_of = policy.Multiplying(how, most)
    found = give(rules, 100, multiplier_percent=200, tier_name="白金", multiplier_policy=policy_of)
    assert [award.points for award in found] == expected
    if most == 250:
        assert earning.explain(found[1].why)["zh"].endswith("本应送 100 分，总倍数最多 2.5 倍，实送 50 分")


def test_a_multiplier_without_a_base_rate_gives_nothing() -> None:
    assert points([rule(1, "multiplier", {"percent": 300})]) == []


@pytest.mark.parametrize(("mode", "expected"), [("sum", [10, 30, 20]), ("max", [30]), ("first", [10])])
def test_stacking_groups(mode: str, expected: list[int]) -> None:
    rules = [
        rule(number, "order_bonus", {"points": given}, group="加赠", stacking=mode)
        for number, given in ((1, 10), (2, 30), (3, 20))
    ]
    assert points(rules) == expected


def test_priority_then_number_decides_which_is_first() -> None:
    rules = [
        rule(1, "order_bonus", {"points": 10}, group="g", stacking="first", priority=200),
        rule(2, "order_bonus", {"points": 30}, group="g", stacking="first", priority=50),
    ]
    assert points(rules) == [30]


def test_a_cap_gives_a_part_and_says_so() -> None:
    capped = rule(1, "spend_rate", caps=[{"per": "day", "points": 150}], budget_points=400)
    counters = policy.Counters()
    (first,) = give([capped], 100, counters=counters)
    (second,) = give([capped], 100, counters=counters)
    assert (first.points, second.points) == (100, 50)
    assert earning.explain(second.why)["zh"] == (
        "实付 ¥100.00，按「规则1」第 1 版每 ¥1.00 送 1 分；本应送 100 分，每天最多 150 分，实送 50 分"
    )
    assert points([capped], 100, counters=counters) == []
    assert counters.added == {(1, 7, "d:2026-03-08"): (150, 2), (1, 0, "b"): (150, 2)}
    assert earning.keeps(second.why, 4_000) == 40
    assert earning.keeps(second.why, 6_000) == 50


def test_the_budget_runs_out() -> None:
    counters = policy.Counters({(1, 0, "b"): (380, 9)})
    (award,) = give([rule(1, "spend_rate", budget_points=400)], 100, counters=counters)
    assert (award.points, award.why["limit"]) == (20, {"per": "budget", "points": 400})


def test_goods_bonus_goes_to_the_fitting_lines() -> None:
    lines = [policy.Line("JH-01", 2, 20_000, "护肤"), policy.Line("TC-01", 1, 10_000, "独行侠套餐")]
    (award,) = give([rule(1, "product_bonus", {"categories": ["独行侠套餐"]})], 300, lines=lines)
    assert (award.points, award.breakdown) == (100, [0, 100])
    assert earning.keeps(award.why, 15_000) == 50
    (pieces,) = give([rule(1, "product_bonus", {"skus": ["JH-01"], "points": 5, "per": "piece"})], 300, lines=lines)
    assert pieces.points == 10


def test_a_refund_below_the_asked_amount_takes_all() -> None:
    asked = [{"kind": "amount", "params": {"least_fen": 20_000}}]
    (award,) = give([rule(1, "order_bonus", {"points": 50}, asked)], 250)
    assert (earning.keeps(award.why, 20_000), earning.keeps(award.why, 19_999)) == (50, 0)


@pytest.mark.parametrize(
    ("kind", "params", "orders", "expected"),
    [
        ("first_order", {"points": 200}, 0, [200]), ("first_order", {"points": 200}, 1, []),
        ("nth_order", {"number": 3, "points": 80}, 2, [80]), ("nth_order", {"number": 3, "points": 80}, 5, []),
        ("nth_order", {"number": 3, "points": 80, "every": True}, 5, [80]),
    ],
)  # fmt: skip
def test_first_and_nth_orders(kind: str, params: dict[str, Any], orders: int, expected: list[int]) -> None:
    assert points([rule(1, kind, params)], known=policy.Known(orders=orders)) == expected


def test_watched_then_ordered_within_days_counts_each_video_once() -> None:
    follow = rule(1, "event_then_order", {"within_days": 3, "same_goods": True})
    mark = policy.Mark("video_watched", "晨间护肤", datetime.fromisoformat("2026-03-06T12:00:00+08:00"), ("JH-01",))
    known = policy.Known(marks=[mark])
    bought = [policy.Line("JH-01", 1, 10_000)]
    assert points([follow], lines=[policy.Line("CZ-01", 1, 10_000)], known=known) == []
    (award,) = give([follow], lines=bought, known=known)
    assert (award.points, award.uses) == (100, mark)
    mark.used = True
    assert points([follow], lines=bought, known=known) == []
    mark.used, mark.at = False, datetime.fromisoformat("2026-03-05T11:59:59+08:00")
    assert points([follow], lines=bought, known=known) == []


@pytest.mark.parametrize(
    ("kind", "params", "event", "properties", "expected"),
    [
        ("event_bonus", {"event": "article_read"}, "article_read", {"article": "秋季护肤", "finished": True}, [50]),
        ("event_bonus", {"event": "article_read"}, "article_read", {"article": "秋季护肤", "finished": False}, []),
        ("event_bonus", {"event": "share", "points": 5}, "comment", {}, []),
        ("custom_event", {"event": "bottle", "points": 10, "times_property": "count"}, "bottle", {"count": 3}, [30]),
        ("custom_event", {"event": "bottle", "points": 10, "times_property": "count"}, "bottle", {"count": "x"}, []),
        ("custom_event", {"event": "visit", "where_property": "city", "where_value": "上海"}, "visit", {"city": "上海"}, [10]),
        ("custom_event", {"event": "visit", "where_property": "city", "where_value": "上海"}, "visit", {"city": "北京"}, []),
    ],
)  # fmt: skip
def test_events(kind: str, params: dict[str, Any], event: str, properties: dict[str, Any], expected: list[int]) -> None:
    assert points([rule(1, kind, params)], 0, trigger="event", event=event, properties=properties) == expected


RULES = [
    rule(1, "spend_rate"), rule(2, "spend_ladder"), rule(3, "multiplier", {"percent": 150}),
    rule(4, "product_bonus", {"skus": ["JH-01"]}), rule(5, "order_bonus", {"points": 9}),
    rule(6, "spend_rate", {"points": 3, "per_fen": 700}, caps=[{"per": "order", "points": 90}]),
]  # fmt: skip


@given(st.lists(st.integers(0, 300_000), min_size=1, max_size=4), st.lists(st.integers(0, 300_000), max_size=4))
def test_what_is_kept_never_rises_as_more_is_returned(fens: list[int], returned: list[int]) -> None:
    lines = [policy.Line("JH-01" if index == 0 else "CZ-01", 1, fen) for index, fen in enumerate(fens)]
    total = sum(fens)
    asked = policy.Basis(occurred_at=SUNDAY, amount_fen=total, lines=lines, multiplier_percent=150, zone=SHANGHAI)
    for award in earning.evaluate(RULES, earning.EFFECTS, asked):
        assert earning.keeps(award.why, total) == award.points
        assert sum(award.breakdown) in (0, award.points)
        left, before = total, award.points
        for part in returned:
            left -= min(part, left)
            now = earning.keeps(award.why, left)
            assert 0 <= now <= before
            before = now
        assert earning.keeps(award.why, 0) == 0
