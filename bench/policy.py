"""`shuke bench policy`: what twenty published rules cost an order in pure policy, against reading the order's JSON.

No database and no server: orders of a year of a shop are built beforehand, then judged, one after the other, in one process.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
from datetime import datetime, timedelta
from time import process_time
from typing import TYPE_CHECKING, Any

from shuke.kit import clock
from shuke.programs import earning

if TYPE_CHECKING:
    from collections.abc import Sequence

ZONE = "Asia/Shanghai"
BEGIN = datetime.fromisoformat("2026-01-01T00:00:00+08:00")
GOODS = [
    ("JH-01", "护肤", "花语"), ("CZ-01", "彩妆", "花语"), ("TC-01", "独行侠套餐", ""), ("MS-02", "护肤", "静好"),
    ("XS-01", "香水", "静好"), ("LP-01", "礼盒", "花语"),
]  # fmt: skip
TIERS = [(0, "普通", 100), (1, "银卡", 120), (2, "金卡", 150), (3, "白金", 200)]


def _when(kind: str, **params: Any) -> dict[str, Any]:
    return {"kind": kind, "params": params}


RULES: list[tuple[str, dict[str, Any], list[dict[str, Any]], dict[str, Any]]] = [
    ("spend_rate", {}, [], {"priority": 10}),
    ("spend_ladder", {}, [], {}),
    ("spend_ladder", {"per": "month", "steps": [{"from_fen": 500_000, "points": 500}]}, [], {}),
    ("multiplier", {"percent": 200}, [_when("weekday", weekdays=[6, 7])], {}),
    ("multiplier", {"percent": 200}, [_when("day_of_month", days=[8])], {}),
    ("multiplier", {"percent": 300}, [_when("birthday", window="month")], {}),
    ("multiplier", {"percent": 150}, [_when("festival", festivals=["qixi", "double_11"], days_before=3)], {}),
    ("product_bonus", {"skus": ["JH-01", "MS-02"]}, [], {}),
    ("product_bonus", {"categories": ["独行侠套餐"]}, [], {"caps": [{"per": "day", "points": 500}]}),
    ("product_bonus", {"brands": ["静好"], "points": 5, "per": "piece"}, [_when("channel", channels=["mini"])], {}),
    ("order_bonus", {"points": 20, "channels": ["mini"]}, [], {"group": "渠道", "stacking": "max"}),
    ("order_bonus", {"points": 15, "stores": ["jingan"]}, [_when("time_of_day")], {"group": "渠道"}),
    ("order_bonus", {"points": 50}, [_when("tier", levels=[2, 3]), _when("amount", least_fen=20_000)],
     {"caps": [{"per": "week", "times": 2}]}),
    ("order_bonus", {"points": 30}, [_when("payment"), _when("member_age", below_days=90)], {"budget_points": 5_000_000}),
    ("first_order", {}, [], {}),
    ("nth_order", {"every": True}, [], {}),
    ("event_then_order", {}, [], {}),
    ("order_bonus", {"points": 66}, [_when("dates", dates=["2026-06-18", "2026-11-11"])], {}),
    ("event_bonus", {"event": "article_read"}, [], {}),
    ("sign_up", {}, [], {}),
]  # fmt: skip
"""What a shop that uses everything has published: kind, parameters, conditions and terms."""


def published() -> Sequence[earning.LiveRule]:
    """The twenty rules, ready to be applied."""
    return earning.RuleSet(
        [
            earning.compiled((number, 1, kind, f"规则 {number}"), params, conditions, earning.terms_of(terms))
            for number, (kind, params, conditions, terms) in enumerate(RULES, 1)
        ]
    )


def orders(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Orders of a year with one to four lines, in order of time."""
    dice = random.Random(seed)
    found = []
    for number in range(count):
        lines = [
            {"sku": sku, "quantity": dice.randint(1, 3), "amount_fen": dice.randrange(900, 90_000), "category": category,
             "brand": brand}
            for sku, category, brand in dice.choices(GOODS, k=dice.choice((1, 1, 2, 2, 3, 4)))
        ]  # fmt: skip
        at = BEGIN + timedelta(days=365) * number / count
        found.append(
            {"order_id": f"o-{number}", "occurred_at": at.isoformat(), "store_id": dice.choice(("jingan", "xuhui", "web")),
             "channel": dice.choice(("pos", "mini", "web")), "member": {"phone": f"138{dice.randrange(5000):08d}"},
             "tier": dice.randrange(4), "lines": lines, "payments": [{"method": dice.choice(("wechat", "cash", "alipay"))}]}
        )  # fmt: skip
    return found


def judged(rules: Sequence[earning.LiveRule], facts: list[dict[str, Any]]) -> tuple[float, int, int]:
    """Seconds of CPU that the rules took over all orders with the making of what they look at, and how many awards and points."""
    zone, counters = clock.zone(ZONE), earning.Counters()
    known: dict[int, earning.Known] = {}
    prepared = [_prepared(one) for one in facts]
    gc.collect()
    gc.freeze()  # what was built for the measuring is not looked through while measuring
    awards = points = 0
    began = process_time()
    for member_id, at, day, level, order in prepared:
        person = known.get(member_id)
        if person is None:
            person = known[member_id] = earning.Known(birthday=day, joined_at=at, months={})
        basis = earning.Basis(
            occurred_at=at, amount_fen=order["amount_fen"], store=order["store_id"], channel=order["channel"],
            lines=[
                earning.Line(one["sku"], one["quantity"], one["amount_fen"], one["category"], one["brand"])
                for one in order["lines"]
            ],
            tier_level=level[0], tier_name=level[1], multiplier_percent=level[2],
            payments=[one["method"] for one in order["payments"]], known=person, zone=zone, day=day,
        )  # fmt: skip
        for award in earning.evaluate(rules, earning.EFFECTS, basis, member_id=member_id, counters=counters):
            awards += 1
            points += award.points
        person.orders += 1
    return process_time() - began, awards, points


def _prepared(order: dict[str, Any]) -> tuple[int, datetime, Any, tuple[int, str, int], dict[str, Any]]:
    at = datetime.fromisoformat(order["occurred_at"])
    order = order | {"amount_fen": sum(line["amount_fen"] for line in order["lines"])}
    return int(order["member"]["phone"][3:]), at, at.date(), TIERS[order["tier"]], order


def measure(count: int) -> dict[str, Any]:
    """Microseconds an order, the best of five runs over the same orders; the reading of their JSON beside each run."""
    rules, facts = published(), orders(count)
    bodies = [json.dumps(one) for one in facts]
    judged(rules, facts[: count // 10])
    runs, reads = [], []
    for _ in range(5):
        began = process_time()
        for body in bodies:
            json.loads(body)
        reads.append(process_time() - began)
        runs.append(judged(rules, facts))
    seconds, awards, points = min(runs)
    micros, read = seconds / count * 1e6, min(reads) / count * 1e6
    return {
        "bench": "policy", "rules": len(rules), "orders": count, "us_per_order": round(micros, 1),
        "awards_per_order": round(awards / count, 2), "points": points, "baseline": {"json_us": round(read, 1)},
        "ratio": round(micros / read, 2),
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    """`[--orders N]`; the last line of stdout is the JSON result."""
    parser = argparse.ArgumentParser(prog="shuke bench policy")
    parser.add_argument("--orders", type=int, default=50_000)
    given = parser.parse_args(arguments)
    print(json.dumps(measure(given.orders)))
    return 0
