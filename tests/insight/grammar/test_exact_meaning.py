"""Single cases whose meaning the design fixes: each rule names whom it means, in the engine and in the reference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shuke.ground import mirror
from shuke.insight.grammar import conditions
from shuke.insight.grammar.policy import rules, timers
from shuke.insight.grammar.queries import answering
from tests.insight.grammar.worlds import Loader, first_flags

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)  # Shanghai: 12:00 on 1 March


class _Merchants:
    last = 3_000_000


async def _found(columns: mirror.Mirror, rule: dict[str, Any], behaviour: list[Any], orders: Any = ()) -> set[int]:
    """Whom both back ends mean, of five members without a date of joining."""
    _Merchants.last += 1
    drawn = {"members": dict.fromkeys(range(1, 6)), "behaviour": behaviour, "orders": list(orders), "attributes": [],
             "zone": "Asia/Shanghai", "day_start": 0, "as_of": NOON}  # fmt: skip
    loaded = Loader(_Merchants.last, drawn)
    for table, rows in loaded.tables:
        for name, _ in table.physical:
            await columns.engine.insert([(name, rows)])
    first_flags(loaded.world, loaded.moment)
    node = conditions.parse(rule, columns.registry)
    inside = loaded.world.population(loaded.moment)
    answer = await answering.answer(columns, [node], loaded.moment, answering.Known())
    meant = rules.evaluate(
        node, inside, lambda leaf: conditions.holding(leaf, loaded.moment, columns.registry, loaded.world)
    )
    assert set(answer.members(node)) == meant
    return meant


def _did(event: str, member: int, ago: timedelta, **properties: Any) -> tuple[Any, ...]:
    return (event, member, NOON - ago, properties, "")


def _bought(number: int, member: int, ago: timedelta, *skus: str) -> dict[str, Any]:
    lines = [{"sku": sku, "category": "护肤", "quantity": 1, "amount_fen": 9_900} for sku in skus]
    return {"order_id": number, "member": member, "at": NOON - ago, "amount": 9_900 * len(lines), "lines": lines,
            "refunds": [], "channel": "pos", "store": "sh-jingan", "coupon": "", "discount": 0}  # fmt: skip


def _funnel(mode: str, *names: str) -> dict[str, Any]:
    return {"sequence": [{"did": name} for name in names], "mode": mode}


def _walk(member: int, names: str) -> list[Any]:
    return [_did(f"step_{name}", member, timedelta(hours=40 - place)) for place, name in enumerate(names)]


@pytest.mark.parametrize(
    ("walked", "mode", "reached"),
    [("abcbd", "no_repeat", 3), ("abdc", "strict", 2), ("abbc", "no_repeat", 2), ("aabc", "no_repeat", 3),
     ("abcbd", "relaxed", 4), ("abdc", "relaxed", 3), ("abcd", "strict", 4)],
)  # fmt: skip
async def test_the_published_cases_reach_as_far_as_published(
    columns: mirror.Mirror, walked: str, mode: str, reached: int
) -> None:
    steps = ["step_a", "step_b", "step_c", "step_d"]
    for count in (2, 3, 4):
        found = await _found(columns, _funnel(mode, *steps[:count]), _walk(1, walked))
        assert found == ({1} if count <= reached else set()), count


async def test_days_within_a_sequence_are_calendar_days(columns: mirror.Mirror) -> None:
    """A cart at 23:30 and an order at 00:30 are an hour apart, and on two dates."""
    late, early = timedelta(days=2, hours=12.5), timedelta(days=2, hours=11.5)
    behaviour = [_did("add_to_cart", 1, late), _did("share", 1, early), _did("add_to_cart", 2, early),
                 _did("share", 2, timedelta(days=1, hours=12.5))]  # fmt: skip
    for within, meant in (("1d", {2}), ("2h", {1}), ("2d", {1, 2}), ("1w", {1, 2})):
        whole = {"sequence": [{"did": "add_to_cart"}, {"did": "share"}], "within": within}
        step = {"sequence": [{"did": "add_to_cart"}, {"did": "share", "within": within}]}
        assert await _found(columns, whole, behaviour) == meant, within
        assert await _found(columns, step, behaviour) == meant, within


async def test_what_did_not_follow_within_days_is_over_when_the_dates_are(columns: mirror.Mirror) -> None:
    """Of two days from 27 February on, 1 March is the first date beyond; from 28 February on it is the second."""
    behaviour = [_did("view", 1, timedelta(days=2)), _did("view", 2, timedelta(days=1, hours=11))]
    rule = {"sequence": [{"did": "view"}, {"not": {"did": "share"}, "within": "2d"}]}
    assert await _found(columns, rule, behaviour) == {1}


async def test_no_number_is_not_zero_and_no_flag_is_not_false(columns: mirror.Mirror) -> None:
    behaviour = [_did("video_watched", 1, timedelta(hours=1), video="短视频"),
                 _did("video_watched", 2, timedelta(hours=1), share=0, finished=False)]  # fmt: skip
    for prop in ("share", "finished"):
        for op, meant in (("exists", {2}), ("missing", {1})):
            rule = {"did": "video_watched", "where": [{"prop": prop, "op": op}]}
            assert await _found(columns, rule, behaviour) == meant, (prop, op)
    least = {"did": "video_watched", "measure": {"min": "share"}, "op": "<", "value": 0.5}
    assert await _found(columns, least, behaviour) == {2}
    unfinished = {"did": "video_watched", "where": [{"prop": "finished", "op": "eq", "value": False}]}
    assert await _found(columns, unfinished, behaviour) == {2}


async def test_the_same_goods_ordered_are_looked_for_in_the_lines(columns: mirror.Mirror) -> None:
    """The example of the design: a cart with rose serum that no order of rose serum followed within two hours."""
    rule = {
        "sequence": [
            {"did": "view"}, {"did": "add_to_cart", "same": ["sku"]}, {"not": {"did": "order"}, "same": ["sku"], "within": "2h"},
        ],
        "within": "7d", "mode": "relaxed", "window": {"last": "30d"},
    }  # fmt: skip
    behaviour = [
        _did(name, member, timedelta(hours=hours), sku="玫瑰精华")
        for member in (1, 2, 3) for name, hours in (("view", 9), ("add_to_cart", 8))
    ]  # fmt: skip
    orders = [_bought(1, 1, timedelta(hours=7), "洁面乳", "玫瑰精华"), _bought(2, 2, timedelta(hours=7), "洁面乳")]
    assert await _found(columns, rule, behaviour, orders) == {2, 3}
    whole = {
        "not": {"did": "order", "where": [{"prop": "amount_fen", "op": ">", "value": 1}]},
        "same": ["sku"],
        "within": "2h",
    }
    with pytest.raises(rules.BadRule):
        conditions.parse({"sequence": [{"did": "view"}, whole]}, columns.registry)


async def test_a_line_says_what_its_order_says(columns: mirror.Mirror) -> None:
    """How many orders with face masks: the same order is counted once, however many lines it has."""
    orders = [_bought(7, 1, timedelta(days=2), "面膜", "面膜", "洁面乳"), _bought(8, 1, timedelta(days=1), "面膜"),
              _bought(9, 2, timedelta(days=1), "面膜", "面膜")]  # fmt: skip
    rule = {"did": "order_line", "where": [{"prop": "sku", "op": "eq", "value": "面膜"}],
            "measure": {"distinct": "order_id"}, "op": ">=", "value": 2}  # fmt: skip
    assert await _found(columns, rule, [], orders) == {1}
    named = {"did": "order_line", "where": [{"prop": "order_id", "op": "eq", "value": "9"}]}
    assert await _found(columns, named, [], orders) == {2}
    large = {"did": "order_line", "where": [{"prop": "items", "op": ">=", "value": 3}]}
    assert await _found(columns, large, [], orders) == {1}


async def test_a_measure_that_is_not_equal_to_another_may_be_missing(columns: mirror.Mirror) -> None:
    behaviour = [
        _did("view", 1, timedelta(days=3)),
        _did("share", 1, timedelta(days=3)),
        _did("view", 2, timedelta(days=1)),
    ]
    rule = {"did": "view", "measure": "days_since_last", "op": "ne_or_missing",
            "value": {"of": {"did": "share", "measure": "days_since_last"}}}  # fmt: skip
    assert await _found(columns, rule, behaviour) == {2, 3, 4, 5}


def test_hours_ago_slide_by_themselves(columns: mirror.Mirror) -> None:
    """Live membership looks again when the last order or a tag becomes older than so many hours."""
    ago = {"op": "<", "value": {"ago": "2h"}}
    for rule in (
        {"did": "view", "measure": "last_at", **ago},
        {"attr": "tag:vip", **ago},
        {"attr": "joined_at", **ago},
    ):
        found = timers.slides([conditions.parse(rule, columns.registry)], columns.registry)
        assert timedelta(hours=2) in {slide.after for slide in found}, rule


@pytest.mark.parametrize("word", ["first", "last", "mode", "min", "max"])
async def test_whether_an_open_property_came_along_is_asked_of_either_form(columns: mirror.Mirror, word: str) -> None:
    """A score told as a number, as a text or as yes and no is known; without one, or empty, it is missing."""
    behaviour = [_did("skin_test", 1, timedelta(hours=3), score=7.5), _did("skin_test", 1, timedelta(hours=2), score="八分"),
                 _did("skin_test", 2, timedelta(hours=2), score=0), _did("skin_test", 3, timedelta(hours=2), score=False),
                 _did("skin_test", 4, timedelta(hours=2), score="")]  # fmt: skip
    for op, meant in (("exists", {1, 2, 3}), ("missing", {4, 5})):
        rule = {"did": "skin_test", "measure": {word: "score"}, "op": op}
        assert await _found(columns, rule, behaviour) == meant, op
    part = {"did": "skin_test", "measure": {word: "score"}, "op": ">=", "value": 0}
    assert await _found(columns, part, behaviour) == {1, 2}


async def test_at_one_instant_the_merchants_sequence_decides(columns: mirror.Mirror) -> None:
    """A receipt and a scan of the same second: what came in first is first, whether it is an order or not."""
    at = timedelta(hours=5)
    behaviour = [_did("view", member, at, sku="面膜") for member in (1, 2)]  # told as 1002 and 1004
    orders = [_bought(7, 1, at, "面膜") | {"seq": 1001}, _bought(8, 2, at, "面膜") | {"seq": 1005}]
    for first, then, meant in (("order", "view", {1}), ("view", "order", {2}), ("view", "order_line", {2})):
        assert await _found(columns, {"sequence": [{"did": first}, {"did": then}]}, behaviour, orders) == meant
    again = [_bought(9, 1, at, "面膜") | {"seq": 1003, "channel": "web"}, _bought(5, 1, at, "洁面乳") | {"seq": 1007}]
    last = {"did": "order_line", "measure": {"last": "sku"}, "op": "eq", "value": "洁面乳"}
    assert await _found(columns, last, [], [*orders, *again]) == {1}
    began = {
        "did": "order",
        "where": [{"prop": "first", "op": "eq", "value": True}, {"prop": "channel", "op": "eq", "value": "web"}],
    }
    assert await _found(columns, began, [], again) == {1}
