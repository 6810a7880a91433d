"""Random facts, merges, clocks and rules: the SQL and the plain Python reference give the same members."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from shuke.ground import mirror
from shuke.ground.mirror.actions import copying
from shuke.ground.mirror.engines.arrow import arrow_table
from shuke.ground.mirror.policy.registry import MEMBERS
from shuke.ground.orders import facts
from shuke.insight.grammar import conditions
from shuke.insight.grammar.policy import rules
from shuke.insight.grammar.queries import answering
from tests.insight.grammar.worlds import Loader, first_flags, merge

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
ZONES = ["Asia/Shanghai", "America/New_York", "UTC"]
SKUS = ["a", "b", "甲"]
CHANNELS = ["pos", "web", ""]


def instants(before_days: int = 80) -> st.SearchStrategy[datetime]:
    coarse = st.integers(0, before_days * 24).map(lambda hours: NOON - timedelta(hours=hours))
    same = st.sampled_from([NOON - timedelta(hours=hours) for hours in (1, 3, 30)])  # several things at one instant
    return coarse | same | coarse.map(lambda at: at + timedelta(minutes=59, seconds=59, microseconds=999_999))


@st.composite
def orders(draw: st.DrawFn, number: int) -> dict[str, Any]:
    lines = draw(
        st.lists(
            st.fixed_dictionaries(
                {"sku": st.sampled_from(SKUS), "category": st.sampled_from(["护肤", "彩妆", ""]),
                 "quantity": st.integers(0, 3), "amount_fen": st.sampled_from([0, 100, 2500, 10000])}
            ), max_size=3,
        )
    )  # fmt: skip
    amount = sum(line["amount_fen"] for line in lines) if lines else draw(st.sampled_from([0, 500, 10000]))
    at = draw(instants())
    refunds, left = [], amount
    for n in range(draw(st.integers(0, 2))):
        part = draw(st.sampled_from([0, left // 3, left]))
        named = (
            [{"sku": draw(st.sampled_from(SKUS)), "quantity": 1, "amount_fen": min(part, 100)}]
            if draw(st.booleans())
            else []
        )
        if part == 0 and amount:
            continue
        refunds.append(facts.Returned(number * 10 + n, at + timedelta(hours=draw(st.integers(-2, 500))), part, named))
        left -= part
        if left <= 0:
            break
    return {
        "order_id": number, "member": draw(st.integers(0, 6)), "at": at, "amount": amount, "lines": lines,
        "refunds": draw(st.permutations(refunds)), "channel": draw(st.sampled_from(CHANNELS)),
        "store": draw(st.sampled_from(["s1", "s2"])), "coupon": draw(st.sampled_from(["", "SPRING"])),
        "discount": draw(st.sampled_from([0, 50])),
    }  # fmt: skip


PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "sku": st.sampled_from(SKUS),
        "seconds": st.sampled_from([0, 1, 2.5, 30]),
        "mixed": st.sampled_from([1, "1", True, "x"]),
        "finished": st.booleans(),
        "share": st.sampled_from([0, 0.25, 1]),
        "note": st.sampled_from(["2026-02-27", "2026-01-05T10:00:00", "later"]),
    },
)


MERGES = st.just([]) | st.lists(st.tuples(st.integers(1, 7), st.integers(1, 7)), max_size=4)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    members = {n: draw(st.none() | instants()) for n in range(1, draw(st.integers(1, 7)) + 1)}
    listed = [draw(orders(n)) for n in range(1, draw(st.integers(0, 10)) + 1)]
    told = draw(
        st.permutations(range(1_001, 1_001 + 3 * len(listed), 2))
    )  # between what was done besides, before or after
    listed = [order | {"seq": seq} for order, seq in zip(listed, told, strict=False)]
    behaviour = [
        (draw(st.sampled_from(["view", "check_in", "video_watched"])), draw(st.integers(1, 7)), draw(instants()), draw(PROPERTIES),
         draw(st.sampled_from(CHANNELS)))
        for _ in range(draw(st.integers(0, 12)))
    ]  # fmt: skip
    values = st.none() | st.sampled_from(
        ["上海", "北京", "2000-02-29", "1990-03-05", 3, 3.5, True, ["上海", "vip"], ["3"], ""]
    )
    attributes = [
        (
            draw(st.integers(1, 7)),
            draw(st.sampled_from(["hobby", "birthday", "tag:vip"])),
            draw(st.none() | instants()),
            draw(values),
        )
        for _ in range(draw(st.integers(0, 12)))
    ]
    tagged = st.tuples(
        st.integers(1, 7), st.sampled_from(["tag:vip", "tag_group:life"]), instants(), st.none() | instants()
    )
    attributes += draw(st.lists(tagged, max_size=8))
    return {
        "members": members, "orders": listed, "behaviour": behaviour, "attributes": attributes,
        "merges": draw(MERGES), "parted": draw(st.integers(0, 2)),
        "zone": draw(st.sampled_from(ZONES)), "day_start": draw(st.sampled_from([0, 240])),
        "as_of": draw(instants(60) | st.just(NOON + timedelta(days=1))),
    }  # fmt: skip


WINDOWS = st.none() | st.sampled_from(
    [
        {"last": "1d"}, {"last": "7d"}, {"last": "2w"}, {"last": "36h"}, {"last": "90m"}, {"between": ["30d", "7d"]},
        {"between": ["10d", "12h"]}, {"between": ["48h", "1d"]}, {"calendar": "today"}, {"calendar": "yesterday"},
        {"calendar": "this_week"}, {"calendar": "this_month"}, {"calendar": "last_month"}, {"calendar": "this_year"},
        {"from": "2026-02-01", "to": "2026-02-15T12:00:00"}, {"from": "2026-02-01T00:00:00Z"}, {"to": "2026-02-20"},
        {"within": "7d", "after": "first", "did": "order"}, {"within": "30h", "after": "last", "did": "view"},
        {"within": "1d", "after": "first", "did": "view"}, {"within": "20d", "after": "last", "did": "order"},
    ]
)  # fmt: skip
NUMBER_OPS = ["eq", "ne", "ne_or_missing", "<", "<=", ">", ">="]


def compared(numbers: list[Any], type_: str) -> st.SearchStrategy[dict[str, Any]]:
    one = st.sampled_from(numbers)
    choices = [
        st.fixed_dictionaries({"op": st.sampled_from(NUMBER_OPS), "value": one}),
        st.fixed_dictionaries(
            {"op": st.sampled_from(["in", "not_in"]), "value": st.lists(one, min_size=1, max_size=3)}
        ),
        st.tuples(one, one).map(lambda pair: {"op": "between", "value": sorted(pair)}),
        st.sampled_from([{"op": "exists"}, {"op": "missing"}]),
    ]
    if type_ == "text":
        choices.append(st.fixed_dictionaries({"op": st.sampled_from(["contains", "starts_with"]), "value": one}))
    return st.one_of(*choices)


DAYS = st.one_of(
    st.fixed_dictionaries(
        {"op": st.sampled_from(NUMBER_OPS),
         "value": st.sampled_from(["2026-02-27", "2026-02-10T03:00:00", {"ago": "10d"}, {"ago": "48h"}])}
    ),
    st.just({"op": "between", "value": ["2026-02-01", {"ago": "3d"}]}),
    st.just({"op": "anniversary_within", "value": "7d"}),
)  # fmt: skip

ORDER_WHERE = st.one_of(
    compared(["pos", "web"], "text").map(lambda c: {"prop": "channel", **c}),
    compared(["SPRING", "S"], "text").map(lambda c: {"prop": "coupon", **c}),
    compared([0, 500, 2500, 9999.5, 10000], "number").map(lambda c: {"prop": "amount_fen", **c}),
    compared([0, 6, 12, 23], "number").map(lambda c: {"prop": "hour", **c}),
    st.booleans().map(lambda flag: {"prop": "first", "op": "eq", "value": flag}),
)
LINE_WHERE = st.one_of(
    compared(SKUS, "text").map(lambda c: {"prop": "sku", **c}),
    compared(["护肤"], "text").map(lambda c: {"prop": "category", **c}),
    compared([0, 1, 2], "number").map(lambda c: {"prop": "quantity", **c}),
    st.booleans().map(lambda flag: {"prop": "first", "op": "eq", "value": flag}),
)
VIEW_WHERE = st.one_of(
    compared(SKUS, "text").map(lambda c: {"prop": "sku", **c}),
    compared([0, 1, 2.5], "number").map(lambda c: {"prop": "seconds", **c}),
    compared([1, 2], "number").map(lambda c: {"prop": "mixed", **c}),
    compared(["1", "true"], "text").map(lambda c: {"prop": "mixed", **c}),
    st.booleans().map(lambda flag: {"prop": "finished", "op": "eq", "value": flag}),
    DAYS.map(lambda c: {"prop": "note", **c}),
)
FLAGS = st.booleans().map(lambda flag: {"op": "eq", "value": flag}) | st.sampled_from(
    [{"op": "exists"}, {"op": "missing"}]
)
VIDEO_WHERE = st.one_of(
    compared([0, 0.25, 0.5], "number").map(lambda c: {"prop": "share", **c}),
    FLAGS.map(lambda c: {"prop": "finished", **c}),
)
EVENTS_OF = {
    "order": (ORDER_WHERE, ["amount_fen", "items", "hour"], ["channel", "store"]),
    "order_line": (LINE_WHERE, ["amount_fen", "quantity"], ["sku", "category"]),
    "view": (VIEW_WHERE, ["seconds", "mixed"], ["sku", "mixed"]),
    "check_in": (VIEW_WHERE, ["seconds"], ["channel"]),
    "video_watched": (VIDEO_WHERE, ["share"], ["channel"]),
    "refund": (st.just({"prop": "amount_fen", "op": ">", "value": 100}), ["amount_fen"], ["channel"]),
}


@st.composite
def counted(draw: st.DrawFn, numeric: bool = False) -> tuple[dict[str, Any], str]:
    """An event with where, window and measure, and the type of the result."""
    name = draw(st.sampled_from(sorted(EVENTS_OF)))
    where, numbers, texts = EVENTS_OF[name]
    node: dict[str, Any] = {"did": name}
    if listed := draw(st.lists(where, max_size=2)):
        node["where"] = listed
    if window := draw(WINDOWS):
        node["window"] = window
    number, text = draw(st.sampled_from(numbers)), draw(st.sampled_from(texts))
    of_number = [{word: number} for word in ("sum", "avg", "min", "max")] + [{"distinct": text}]
    measures: list[tuple[Any, str]] = [
        ("count", "small"), ("days", "small"), ("days_since_first", "small"), ("days_since_last", "small"),
        *((m, "number") for m in of_number), ({"share": {"of": "count", "where": [draw(where)]}}, "ratio"),
        ({"share": {"of": number, "where": [draw(where)]}}, "ratio"),
        *(({word: number}, "number") for word in ("mode", "first", "last")),
    ]  # fmt: skip
    if not numeric:
        measures += [("first_at", "time"), ("last_at", "time")]
        measures += [({word: text}, "text") for word in ("min", "max", "mode", "first", "last")]
    measure, type_ = draw(st.sampled_from(measures))
    node["measure"] = measure
    return node, type_


COMPARED = {
    "small": compared([0, 1, 2, 3, 10], "number"),
    "number": compared([0, 1, 2.5, 500, 2500, 10000], "number"),
    "ratio": compared([0, 0.25, 0.5, 1, 2.5, 500], "number"),
    "text": compared(["pos", "web", "a", "甲", "s1", "1"], "text"),
    "time": DAYS,
}


@st.composite
def did_leaves(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.integers(0, 5)) == 0:
        node, _ = draw(counted(numeric=True))
        other, _ = draw(counted(numeric=True))
        times = draw(st.sampled_from([0.25, 1, 2, 0]))
        return node | {
            "op": draw(st.sampled_from(NUMBER_OPS)),
            "value": {"times": times, "of": other},
        }
    node, type_ = draw(counted())
    return node | draw(COMPARED[type_])


ATTR_LEAVES = st.one_of(
    compared(["上海", "北京", "3", "vip"], "text").map(lambda c: {"attr": "hobby", **c}),
    compared([3, 3.5, 0], "number").map(lambda c: {"attr": "hobby", **c}),
    st.booleans().map(lambda flag: {"attr": "hobby", "op": "eq", "value": flag}),
    DAYS.map(lambda c: {"attr": "birthday", **c}),
    DAYS.map(lambda c: {"attr": "joined_at", **c}),
    st.sampled_from([{"attr": "joined_at", "op": "missing"}, {"attr": "joined_at", "op": "exists"}]),
    st.just({"attr": "gold", "op": "missing"}),
)
SAME = {
    "view": ["sku"], "check_in": ["sku"], "order_line": ["sku", "category"], "order": ["channel"],
    "video_watched": ["share", "finished"],
}  # fmt: skip


@st.composite
def ranks(draw: st.DrawFn, plain: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    measured, _ = draw(counted(numeric=True))
    node = {
        "rank": measured,
        draw(st.sampled_from(["top", "bottom"])): draw(st.sampled_from([1, 2, "20%", "50%", "33.3%"])),
    }
    return node | ({"among": draw(plain)} if draw(st.booleans()) else {})


@st.composite
def sequences(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(
        st.lists(st.sampled_from(["view", "check_in", "video_watched", "order", "order_line"]), min_size=2, max_size=4)
    )
    lengths = st.sampled_from(["90m", "2h", "1d", "10d", "5w"])
    steps: list[dict[str, Any]] = []
    for n, name in enumerate(names):
        step: dict[str, Any] = {"did": name}
        if draw(st.booleans()):
            step["where"] = [draw(EVENTS_OF[name][0])]
        if n and draw(st.integers(0, 2)) == 0:
            step["same"] = [draw(st.sampled_from(SAME[name]))] if name != "order" else ["channel"]
        if n and draw(st.integers(0, 2)) == 0:
            step["within"] = draw(lengths)
        steps.append(step)
    if draw(st.booleans()):
        last = steps.pop()
        steps.append({"not": {key: last[key] for key in ("did", "where") if key in last}, "within": draw(lengths)}
                     | ({"same": last["same"]} if "same" in last else {}))  # fmt: skip
    node: dict[str, Any] = {"sequence": steps, "mode": draw(st.sampled_from(["relaxed", "strict", "no_repeat"]))}
    if draw(st.booleans()):
        node["within"] = draw(lengths)
    window = draw(WINDOWS)
    return node | ({"window": window} if window and "within" not in window else {})


LISTS = {"vip": {1, 3, 9}, "empty": set()}
TAGS = st.sampled_from(
    [
        {"tag": "vip"}, {"tag": "nobody"}, {"attr": "tag_group:life", "op": "exists"}, {"attr": "tag:vip", "op": "missing"},
        {"attr": "tag:vip", "op": ">=", "value": "2026-02-20"}, {"attr": "tag_group:life", "op": "<", "value": {"ago": "7d"}},
    ]
)  # fmt: skip
PLAIN = st.one_of(
    did_leaves(), did_leaves(), did_leaves(), ATTR_LEAVES, sequences(),
    st.just({"bucket": {"salt": "x", "from": 0, "to": 5000}}), TAGS,
    st.sampled_from([{"list": slug} for slug in LISTS]),
)  # fmt: skip
LEAVES = st.one_of(PLAIN, PLAIN, ranks(PLAIN), sequences())
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)


def merges_of(drawn: dict[str, Any]) -> list[tuple[int, int]]:
    """Those of the drawn pairs (old, heir) that the room of members would merge, one after the other."""
    living, found = set(drawn["members"]), []
    for old, heir in drawn["merges"]:
        if old != heir and {old, heir} <= living:
            living.remove(old)
            found.append((old, heir))
    return found


async def _merge_rows(opened: mirror.Mirror, loaded: Loader, drawn: dict[str, Any]) -> None:
    """The merges as the mirror takes them in, the last few of them taken apart again; the world keeps those that stay."""
    ways = {redirect.back: redirect for redirect in opened.registry.redirects if redirect.kind.startswith("members_")}
    world, seq, before = loaded.world, 1_000_000, []

    async def told(back: bool, old: int, heir: int, joined: dict[int, datetime | None]) -> None:
        nonlocal seq
        seq += 1
        rows = {"member": [old, heir], "seq": [seq] * 2, "idx": [0] * 2, "gone": [int(not back), 0],
                "joined_at": [joined[old] or mirror.ALWAYS, joined[heir] or mirror.ALWAYS]}  # fmt: skip
        for name, _ in MEMBERS.physical:
            await opened.engine.insert([(name, arrow_table(MEMBERS, loaded.merchant, rows))])
        news = mirror.News(seq, NOON, ways[back].kind, {ways[back].old: old, ways[back].new: heir})
        await copying._move(opened, loaded.merchant, ways[back], news)

    merges = merges_of(drawn)
    for old, heir in merges:
        before.append((dict(world.members), world.deeds))
        joined = dict(world.members)
        merge(world, old, heir)
        await told(False, old, heir, joined | {heir: world.members[heir]})
    for old, heir in merges[: -drawn["parted"] - 1 : -1]:
        world.members, world.deeds = before.pop()
        await told(True, old, heir, world.members)
    world.attributes = [row for row in world.attributes if row[1] != "joined_at"]
    world.attributes += [(one, "joined_at", None, one, at) for one, at in world.members.items() if at]


class _Merchants:
    last = 1_000_000


async def _compare(opened: mirror.Mirror, drawn: dict[str, Any], trees: list[dict[str, Any]]) -> None:
    _Merchants.last += 1
    loaded = Loader(_Merchants.last, drawn)
    for table, rows in loaded.tables:
        for name, _ in table.physical:
            await opened.engine.insert([(name, rows)])
    await _merge_rows(opened, loaded, drawn)
    first_flags(loaded.world, loaded.moment)
    loaded.world.tables["members"] = [
        {"member": member, "seq": 0, "joined_at": joined_at} for member, joined_at in loaded.world.members.items()
    ]
    nodes = [conditions.parse(tree, opened.registry) for tree in trees]
    loaded.world.lists = LISTS
    known = answering.Known(lists={slug: BitMap(members) for slug, members in LISTS.items()})
    answer = await answering.answer(opened, nodes, loaded.moment, known)
    assert set(answer.everyone) == loaded.world.population(loaded.moment)
    for tree, node in zip(trees, nodes, strict=True):
        wanted = {
            leaf: conditions.holding(leaf, loaded.moment, opened.registry, loaded.world)
            for leaf in conditions.leaves(node)
        }
        for leaf, members in wanted.items():
            assert set(answer.members(leaf)) == members, leaf.written
        expected = rules.evaluate(node, loaded.world.population(loaded.moment), wanted.__getitem__)
        assert set(answer.members(node)) == expected, tree
    few = await answering.answer(opened, nodes, loaded.moment, known, among=[1, 2])
    for node in nodes:
        assert few.members(node) == answer.members(node) & BitMap([1, 2])


@settings(
    max_examples=int(os.environ.get("SHUKE_EXAMPLES", "120")), deadline=None, suppress_health_check=list(HealthCheck),
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate), report_multiple_bugs=False, database=None,
)  # fmt: skip
@given(drawn=worlds(), trees=st.lists(TREES, min_size=1, max_size=4))
async def test_sql_agrees_with_the_reference(columns: mirror.Mirror, drawn: dict[str, Any], trees: list[Any]) -> None:
    await _compare(columns, drawn, trees)
