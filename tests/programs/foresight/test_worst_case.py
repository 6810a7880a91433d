"""The worst case: nothing that an order could be earns more than what the search found."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuke.programs import earning, tiers
from shuke.programs.foresight.policy.searching import worst
from shuke.programs.foresight.policy.words import described
from shuke.programs.foresight.policy.world import Situation, World

NOW = datetime.fromisoformat("2026-11-21T10:00:00+08:00")
LEVELS = [
    tiers.Level(0, "普通会员", 0, 100), tiers.Level(1, "金卡会员", 100_000, 150), tiers.Level(2, "白金会员", 500_000, 200),
]  # fmt: skip


def rule(number: int, kind: str, params: dict[str, Any], conditions: list[dict[str, Any]], **terms: Any) -> Any:
    live = terms.pop("live", (None, None))
    return earning.compiled((number, 1, kind, f"规则{number}"), params, conditions, earning.terms_of(terms), live)


def world(rules: list[Any], policy: str = "sum", **more: Any) -> World:
    ordered = sorted(rules, key=lambda one: (one.priority, one.rule_id))
    return World(
        earning.RuleSet(ordered), LEVELS, earning.Multiplying(policy, 500), "Asia/Shanghai", 0, date(2026, 11, 21), NOW, **more
    )  # fmt: skip


def when(kind: str, **params: Any) -> dict[str, Any]:
    return {"kind": kind, "params": params}


def test_platinum_on_a_weekend_member_day() -> None:
    rules = [
        rule(1, "spend_rate", {}, []),
        rule(2, "multiplier", {"percent": 200}, [when("weekday", weekdays=[6, 7])]),
        rule(3, "order_bonus", {"points": 88}, [when("day_of_month", days=[8])]),
        rule(4, "first_order", {"points": 200}, []),
        rule(5, "order_bonus", {"points": 50}, [when("amount", least_fen=200_000)]),
    ]
    found = worst(world(rules), 100_000)
    assert (found.points, found.exact) == (3_288, True)
    assert found.situation.level.name == "白金会员"
    assert found.situation.at.date() == date(2027, 5, 8)  # the first 8th at a weekend, a Saturday
    assert {award.rule.rule_id for award in found.awards} == {1, 2, 3, 4}


def test_the_order_is_told_without_what_costs_and_brings_nothing() -> None:
    rules = [
        rule(1, "spend_rate", {}, []),
        rule(2, "product_bonus", {"categories": ["精华"], "points": 1, "per": "yuan"}, []),
        rule(3, "multiplier", {"percent": 110}, [when("channel", channels=["mini"])]),
    ]
    there = world(rules, pieces=5)
    found = worst(there, 100_000)
    told = described(found.situation, there)
    assert found.points == 2_000 + 1_000 + 100
    assert {"渠道「小程序」", "买 精华 ×5 ¥1,000.00"} & {one.zh for one in told}
    assert not any("¥0.00" in one.zh or "其他商品" in one.zh for one in told)
    assert "through mini program" in [one.en for one in told]


def test_what_cannot_be_together_is_not_added_up() -> None:
    rules = [
        rule(1, "order_bonus", {"points": 60}, [when("tier", levels=[1])]),
        rule(2, "order_bonus", {"points": 50}, [when("tier", levels=[2])]),
        rule(3, "order_bonus", {"points": 30}, [when("channel", channels=["mini"])]),
        rule(4, "order_bonus", {"points": 40, "channels": ["pos"]}, []),
        rule(5, "order_bonus", {"points": 99}, [], live=(NOW - timedelta(days=9), NOW - timedelta(days=1))),
    ]
    found = worst(world(rules), 10_000)
    assert (found.points, found.situation.level.level, found.situation.channel) == (100, 1, "pos")


def test_a_bonus_of_one_store_counts_there() -> None:
    found = worst(world([rule(1, "order_bonus", {"points": 15, "stores": ["s1"]}, [])]), 9_900)
    assert (found.points, found.situation.store) == (15, "s1")


def test_a_wording_that_begins_later_and_lasts_half_an_hour_is_found() -> None:
    begins = datetime.fromisoformat("2027-02-14T00:00:00+08:00")
    valentine = [when("festival", festivals=["valentine"])]
    rules = [
        rule(
            1,
            "order_bonus",
            {"points": 520},
            valentine,
            live=(begins - timedelta(days=1), begins + timedelta(minutes=30)),
        )
    ]
    found = worst(world(rules), 10_000)
    assert (found.points, found.situation.at) == (520, begins)


def test_a_budget_that_is_used_up_gives_no_more() -> None:
    rules = [rule(1, "spend_rate", {"points": 5}, [], budget_points=1_000)]
    found = worst(world(rules, used={(1, 0, "b"): (900, 4)}), 100_000)
    assert found.points == 100


def test_a_month_just_below_a_step_is_worth_most() -> None:
    steps = [{"from_fen": 100_000, "points": 100}, {"from_fen": 300_000, "points": 400}]
    found = worst(world([rule(1, "spend_ladder", {"per": "month", "steps": steps}, [])]), 50_000)
    assert (found.points, found.situation.month_fen) == (300, 250_000)


def test_goods_that_each_have_their_bonus_share_the_money_where_one_is_capped() -> None:
    rules = [
        rule(1, "product_bonus", {"skus": ["JH-01"], "points": 3}, [], caps=[{"per": "order", "points": 300}]),
        rule(2, "product_bonus", {"categories": ["彩妆"], "points": 2}, [when("product", brands=["初见"], pieces=2)]),
        rule(3, "product_bonus", {"brands": ["花语"], "points": 7, "per": "piece"}, []),
    ]
    found = worst(world(rules, pieces=4), 100_000)
    assert found.points >= 300 + 2 * 900 + 7
    assert sum(line.amount_fen for line in found.situation.lines) == 100_000
    assert sum(line.quantity for line in found.situation.lines) == 4


SKUS, CATEGORIES, BRANDS = ["JH-01", "CZ-01"], ["护肤", "彩妆"], ["初见", "花语"]
some_goods = st.fixed_dictionaries(
    {}, optional={"skus": st.just(SKUS[:1]), "categories": st.just(CATEGORIES[:1]), "brands": st.just(BRANDS[:1])}
)
conditions = st.lists(
    st.one_of(
        st.builds(lambda days: when("weekday", weekdays=days), st.sampled_from([[6, 7], [1], [3, 4, 5]])),
        st.builds(lambda days: when("day_of_month", days=days), st.sampled_from([[8], [8, 18, 28], [31]])),
        st.builds(lambda f: when("festival", festivals=f, days_before=1), st.sampled_from([["qixi"], ["double_11", "valentine"]])),
        st.builds(lambda w: when("birthday", window=w), st.sampled_from(["day", "week", "month"])),
        st.builds(lambda b: when("time_of_day", begins=b[0], ends=b[1]), st.sampled_from([("14:00", "17:00"), ("22:00", "02:00")])),
        st.builds(lambda levels: when("tier", levels=levels), st.sampled_from([[0], [1, 2], [2]])),
        st.builds(lambda c: when("channel", channels=c), st.sampled_from([["mini"], ["mini", "pos"]])),
        st.builds(lambda m: when("payment", methods=m), st.sampled_from([["wechat"], ["cash", "alipay"]])),
        st.builds(lambda s, o: when("segment", segments=s, outside=o), st.sampled_from([["vip"], ["new"]]), st.booleans()),
        st.builds(lambda n: when("nth_order", first=n[0], last=n[1]), st.sampled_from([(1, 1), (2, 4), (3, None)])),
        st.builds(lambda d: when("member_age", least_days=d[0], below_days=d[1]), st.sampled_from([(0, 30), (30, None), (10, 90)])),
        st.builds(lambda least: when("amount", least_fen=least), st.sampled_from([10_000, 60_000])),
        st.builds(lambda g, n: when("product", pieces=n, **g), some_goods, st.integers(1, 3)),
    ),
    max_size=2, unique_by=lambda one: one["kind"],
)  # fmt: skip
kinds = st.one_of(
    st.builds(lambda p: ("spend_rate", {"points": p}), st.integers(1, 3)),
    st.just(("spend_ladder", {"steps": [{"from_fen": 30_000, "points": 40}]})),
    st.just(("spend_ladder", {"per": "month", "steps": [{"from_fen": 80_000, "points": 90}, {"from_fen": 120_000, "points": 95}]})),
    st.builds(lambda p: ("multiplier", {"percent": p}), st.sampled_from([150, 200, 450])),
    st.builds(lambda g, p, per: ("product_bonus", {"points": p, "per": per, **g}), some_goods, st.integers(1, 4),
              st.sampled_from(["yuan", "piece", "order"])),
    st.builds(lambda c: ("order_bonus", {"points": 15, **c}), st.sampled_from([{}, {"channels": ["pos"]}, {"stores": ["s1"]}])),
    st.just(("first_order", {"points": 70})),
    st.builds(lambda n, every: ("nth_order", {"number": n, "points": 33, "every": every}), st.integers(2, 4), st.booleans()),
    st.just(("event_then_order", {"points": 25, "within_days": 3})),
)  # fmt: skip
terms = st.fixed_dictionaries(
    {},
    optional={
        "priority": st.integers(1, 3), "group": st.just("一组"), "stacking": st.sampled_from(["sum", "max", "first"]),
        "caps": st.sampled_from([[{"per": "order", "points": 60}], [{"per": "day", "points": 200, "times": 1}]]),
        "budget_points": st.sampled_from([100, 5_000]),
    },
)  # fmt: skip
rule_sets = st.lists(st.tuples(kinds, conditions, terms), min_size=1, max_size=7)


@st.composite
def orders_of(draw: Any, amount_fen: int) -> Situation:
    """Any order of that amount, by any member, on any day of the year to come."""
    cuts = sorted(draw(st.lists(st.integers(0, amount_fen), max_size=2)))
    parts = [end - begin for begin, end in zip([0, *cuts], [*cuts, amount_fen], strict=True)]
    lines = tuple(
        earning.Line(
            draw(st.sampled_from([*SKUS, "LP-01"])), draw(st.integers(1, 5 // len(parts))), part,
            draw(st.sampled_from([*CATEGORIES, ""])), draw(st.sampled_from([*BRANDS, ""])),
        )
        for part in parts
    )  # fmt: skip
    return Situation(
        at=NOW + timedelta(minutes=draw(st.integers(0, 364 * 24 * 60))), amount_fen=amount_fen, level=draw(st.sampled_from(LEVELS)),
        lines=lines, channel=draw(st.sampled_from(["", "mini", "pos"])), store=draw(st.sampled_from(["", "s1", "s2"])),
        payments=tuple(draw(st.lists(st.sampled_from(["wechat", "cash", "alipay"]), unique=True))),
        birthday=draw(st.none() | st.dates(date(1960, 1, 1), date(2020, 12, 31))),
        age_days=draw(st.none() | st.integers(0, 200)), orders=draw(st.integers(0, 40)),
        segments=frozenset(draw(st.lists(st.sampled_from(["vip", "new"])))), month_fen=draw(st.integers(0, 200_000)),
        watched=draw(st.sampled_from([(), ("video_watched",)])),
    )  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data(), rule_sets, st.sampled_from([9_900, 50_000]), st.sampled_from(["sum", "max", "product"]))
def test_no_random_order_beats_it(data: Any, worded: list[Any], amount_fen: int, policy: str) -> None:
    rules = [rule(number, kind, params, when, **more) for number, ((kind, params), when, more) in enumerate(worded, 1)]
    there = world(rules, policy)
    found = worst(there, amount_fen)
    assert found.points == found.situation.points(there)
    for order in data.draw(st.lists(orders_of(amount_fen), min_size=8, max_size=8)):
        assert order.points(there) <= found.points or not found.exact
