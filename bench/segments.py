"""`shuke bench segments`: counts by rule against the same questions written by hand, over the same columns in one run.

Ratios are ours ÷ by hand, the best of several turns each; the worst of the set is the figure. The facts are made in the
engine itself: members, orders with refunds, views and attributes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from datetime import UTC, datetime
from typing import Any

from bench import baseline
from shuke.doors import wiring
from shuke.ground import mirror
from shuke.insight.grammar import conditions
from shuke.insight.grammar.queries import answering
from shuke.kit import clock

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
TURNS = 9
PIECE = 4_000_000
MINE = "merchant = 1"
# At this instant nothing is later, so that a person writing by hand would not ask for it either.
Case = tuple[str, dict[str, Any], str]
CASES: list[Case] = [
    (
        "three orders in 90 days",
        {"did": "order", "window": {"last": "90d"}, "op": ">=", "value": 3},
        f"SELECT count() FROM (SELECT member FROM orders WHERE {MINE} AND day >= '2026-08-04' GROUP BY member "
        "HAVING sum(sign) >= 3)",
    ),
    (
        "no order in 30 days",
        {"did": "order", "window": {"last": "30d"}, "op": "eq", "value": 0},
        f"SELECT count() FROM members WHERE {MINE} AND member NOT IN (SELECT member FROM orders WHERE {MINE} "
        "AND day >= '2026-10-03' GROUP BY member HAVING sum(sign) != 0)",
    ),
    (
        "spent 1,000 yuan ever",
        {"did": "order", "measure": {"sum": "amount_fen"}, "op": ">=", "value": 100_000},
        f"SELECT count() FROM (SELECT member FROM orders WHERE {MINE} GROUP BY member "
        "HAVING sum(amount_fen * sign) >= 100000)",
    ),
    (
        "last order at the till",
        {"did": "order", "measure": {"last": "channel"}, "op": "eq", "value": "pos"},
        f"SELECT count() FROM (SELECT member FROM orders WHERE {MINE} AND sign = 1 AND channel != '' AND row_id NOT IN "
        f"(SELECT row_id FROM orders WHERE {MINE} AND sign = -1) GROUP BY member "
        "HAVING argMax(channel, bitShiftLeft(toUInt128(toUnixTimestamp64Micro(at)), 64) + seq) = 'pos')",
    ),
    (
        "largest order of the year",
        {
            "did": "order",
            "window": {"calendar": "this_year"},
            "measure": {"max": "amount_fen"},
            "op": ">=",
            "value": 45_000,
        },
        f"SELECT count() FROM (SELECT member FROM orders WHERE {MINE} AND sign = 1 AND day >= '2026-01-01' "
        f"AND row_id NOT IN (SELECT row_id FROM orders WHERE {MINE} AND sign = -1) GROUP BY member "
        "HAVING max(amount_fen) >= 45000)",
    ),
    (
        "spent 800 yuan in 90 days",
        {"did": "order", "window": {"last": "90d"}, "measure": {"sum": "amount_fen"}, "op": ">=", "value": 80_000},
        f"SELECT count() FROM (SELECT member FROM orders WHERE {MINE} AND day >= '2026-08-04' GROUP BY member "
        "HAVING sum(amount_fen * sign) >= 80000)",
    ),
    (
        "top 20 % of 90 days",
        {"rank": {"did": "order", "window": {"last": "90d"}, "measure": {"sum": "amount_fen"}}, "top": "20%"},
        "SELECT arrayCount(one -> one >= best[toUInt32(ceil(length(best) * 0.2))], best) FROM "
        "(SELECT arrayReverseSort(groupArray(fen)) AS best FROM (SELECT sum(amount_fen * sign) AS fen FROM orders "
        f"WHERE {MINE} AND day >= '2026-08-04' GROUP BY member HAVING fen > 0))",
    ),
    (
        "viewed, put into the cart, ordered within a week",
        {
            "sequence": [{"did": "view"}, {"did": "add_to_cart"}, {"did": "order"}],
            "within": "168h",
            "window": {"last": "90d"},
        },
        "SELECT count() FROM (SELECT member FROM (SELECT member, at, toString(kind) AS kind FROM events "
        f"WHERE {MINE} AND kind IN ('view', 'add_to_cart') AND day >= '2026-08-04' UNION ALL "
        f"SELECT member, at, 'order' FROM orders WHERE {MINE} AND day >= '2026-08-04' AND sign = 1 AND row_id NOT IN "
        f"(SELECT row_id FROM orders WHERE {MINE} AND sign = -1)) GROUP BY member HAVING windowFunnel(604800000000)"
        "(toUInt64(toUnixTimestamp64Micro(at)), kind = 'view', kind = 'add_to_cart', kind = 'order') = 3)",
    ),
    (
        "viewed one product twice",
        {"did": "view", "where": [{"prop": "sku", "op": "eq", "value": "k3"}], "op": ">=", "value": 2},
        f"SELECT count() FROM (SELECT member FROM events WHERE {MINE} AND kind = 'view' AND texts['sku'] = 'k3' "
        "GROUP BY member HAVING count() >= 2)",
    ),
    (
        "lives in Shanghai or Hangzhou",
        {"attr": "city", "op": "in", "value": ["上海", "杭州"]},
        f"SELECT count() FROM (SELECT member FROM attributes WHERE {MINE} AND name = 'city' GROUP BY member "
        "HAVING argMax(text, (at, seq)) IN ('上海', '杭州'))",
    ),
    (
        "regulars who went quiet",
        {
            "all": [
                {"did": "order", "op": ">=", "value": 5},
                {"did": "order", "window": {"last": "60d"}, "op": "eq", "value": 0},
                {"did": "view", "window": {"last": "30d"}},
                {"attr": "city", "op": "ne", "value": "北京"},
            ]
        },
        f"SELECT count() FROM (SELECT member FROM orders WHERE {MINE} GROUP BY member HAVING sum(sign) >= 5 "
        "AND sumIf(sign, day >= '2026-09-03') = 0) WHERE member IN "
        f"(SELECT member FROM events WHERE {MINE} AND kind = 'view' AND day >= '2026-10-03') AND member IN "
        f"(SELECT member FROM attributes WHERE {MINE} AND name = 'city' GROUP BY member "
        "HAVING argMax(text, (at, seq)) NOT IN ('', '北京'))",
    ),
]


def fill(members: int, events: int, now: datetime = NOW, merchant_id: int = 1) -> list[str]:
    """Statements that make the facts of a year, a piece each; half of the events are orders (one in twenty returned), of the
    others four in five are views, the rest put something into the cart. The set-based way in, past PostgreSQL."""
    orders, start = events // 2, mirror.instant_literal(now)
    # Down to the microsecond: two things of one member at the same instant are as rare as in life.
    at = f"{start} - toIntervalMicrosecond(rand64(2) % {86400 * 365 * 10**6})"
    own = f"{merchant_id} AS merchant, 1 + (rand(1) % {members}) AS member"
    made = [
        f"INSERT INTO members (merchant, member, joined_at, gone, seq, idx, applied) "
        f"SELECT {merchant_id}, number + 1, {start} - toIntervalDay(400), 0, 1, 0, 1 FROM {piece}"
        for piece in _pieces(members)
    ]
    made += [
        "INSERT INTO attributes (merchant, member, name, at, text, number, form, seq, idx, applied) "
        f"SELECT {merchant_id}, number + 1, 'city', toDateTime64(0, 6, 'UTC'), "
        f"['上海', '北京', '杭州', '成都', '广州'][1 + rand() % 5], 0, 1, 1, 0, 1 FROM {piece}"
        for piece in _pieces(members)
    ]
    made += [
        "INSERT INTO orders (merchant, member, at, day, effective_at, order_id, row_id, sign, amount_fen, list_fen, items, "
        "channel, store, weekday, hour, seq, applied) "
        f"SELECT {own}, {at} AS at, toDate(at, 'Asia/Shanghai'), at, number, number, arrayJoin(if(number % 20 = 0, [1, -1], [1])), "
        "rand(3) % 50000, rand(4) % 60000, rand(5) % 5, "
        "['pos', 'web', 'mini', 'douyin'][1 + rand(6) % 4], concat('s', toString(rand(7) % 50)), toDayOfWeek(at), toHour(at), "
        f"number, 1 FROM {piece}"
        for piece in _pieces(orders)
    ]
    made += [
        "INSERT INTO events (merchant, member, kind, at, day, texts, numbers, seq, applied) "
        f"SELECT {own}, if(number % 5 = 0, 'add_to_cart', 'view'), {at} AS at, toDate(at, 'Asia/Shanghai'), "
        "map('sku', concat('k', toString(rand(3) % 1000)), 'page', concat('p', toString(rand(4) % 100))), "
        f"map('seconds', toDecimal128(rand(5) % 300, 9)), number, 1 FROM {piece}"
        for piece in _pieces(events - orders)
    ]
    return made + [f"OPTIMIZE TABLE {table} FINAL" for table in ("members", "attributes", "orders", "events")]


def _pieces(count: int) -> list[str]:
    """Sources of so many numbers together, none larger than what one statement makes within its time and memory."""
    return [f"numbers({first}, {min(PIECE, count - first)})" for first in range(0, count, PIECE)]


async def _best(one: Any, other: Any, turns: int) -> tuple[tuple[float, Any], tuple[float, Any]]:
    """The shortest of several turns of each, taken alternately; the first turn of each warms up."""
    best, answers = [float("inf")] * 2, [None, None]
    for turn in range(turns + 1):
        for number, ask in enumerate((one, other)):
            started = clock.monotonic()
            answers[number] = await ask()
            if turn:
                best[number] = min(best[number], clock.monotonic() - started)
    return (best[0], answers[0]), (best[1], answers[1])


async def measure(
    members: int, events: int, turns: int = TURNS, kept: str | None = None, words: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Fill an engine of our own, or take the one that was kept in a folder, and ask every question both ways."""
    assert wiring.FACTS
    chosen = [case for case in CASES if not words or any(word in case[0] for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        opened = await mirror.open_mirror(f"chdb://{kept or folder}/columns")
        try:
            [(held,)] = await mirror.rows(opened, f"SELECT count() FROM members WHERE {MINE}")
            if held != members:
                await _filled(opened, members, events)
            return await _measure(opened, (members, events, turns), chosen)
        finally:
            await mirror.close_mirror(opened)


async def _filled(opened: mirror.Mirror, members: int, events: int) -> None:
    started = clock.monotonic()
    for statement in fill(members, events):
        await opened.engine.command(statement)
    baseline.note(f"{members:,} members, {events:,} events in {clock.monotonic() - started:.0f} s")


async def _measure(opened: mirror.Mirror, size: tuple[int, int, int], chosen: list[Case]) -> dict[str, Any]:
    members, events, turns = size
    moment = mirror.Moment(1, NOW, "Asia/Shanghai", complete=True, members_mark=1)
    cases: list[dict[str, Any]] = []
    for name, rule, by_hand in chosen:
        tree = conditions.parse(rule, opened.registry)

        async def ours(tree: Any = tree) -> int:
            return len((await answering.answer(opened, [tree], moment)).members(tree))

        async def hand(sql: str = by_hand) -> int:
            return (await mirror.rows(opened, sql))[0][0]

        (ours_seconds, ours_count), (hand_seconds, hand_count) = await _best(ours, hand, turns)
        assert ours_count == hand_count, f"{name}: {ours_count} by rule, {hand_count} by hand"
        ratio = ours_seconds / hand_seconds
        baseline.note(
            f"{name}: {ours_seconds * 1000:.0f} ms, by hand {hand_seconds * 1000:.0f} ms, ratio {ratio:.2f} ({ours_count:,})"
        )
        cases.append(
            {
                "case": name,
                "seconds": round(ours_seconds, 4),
                "by_hand": round(hand_seconds, 4),
                "ratio": round(ratio, 3),
            }
        )
    return {
        "bench": "segments", "members": members, "events": events, "cases": cases,
        "seconds_worst": max(case["seconds"] for case in cases), "ratio": max(case["ratio"] for case in cases),
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="shuke bench segments")
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument(
        "--kept", metavar="FOLDER", help="fill an engine there, or ask the one that was filled there before"
    )
    parser.add_argument(
        "--case", metavar="WORD", action="append", default=[], help="only cases with this word in their name"
    )
    options = parser.parse_args(arguments)
    asked = (options.members, options.events, options.turns, options.kept, tuple(options.case))
    print(json.dumps(asyncio.run(measure(*asked))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
