"""The stages of life: one way to have them, limits that read back, everybody with an order in exactly one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.ground import ingestion
from shuke.insight import lifecycle, segments
from shuke.insight.lifecycle import policy
from shuke.kit import clock
from shuke.programs import intake

API = "/console/api/lifecycle"
days = st.lists(st.integers(1, 1_000), min_size=3, max_size=3, unique=True).map(sorted)
limits = st.builds(lambda d, m: lifecycle.Limits(*d, m), days, st.integers(3, 100))


@given(limits)
def test_rules_tell_the_limits_they_were_made_from(some: lifecycle.Limits) -> None:
    rules = policy.rules(policy.checked(some))
    assert policy.limits_of(rules) == some
    assert policy.limits_of(msgspec.json.decode(msgspec.json.encode(rules))) == some
    by_hand = rules | {"lifecycle-growing": {"did": "order"}}
    assert policy.limits_of(by_hand) is None
    assert policy.limits_of({slug: rule for slug, rule in rules.items() if slug != "lifecycle-lost"}) is None


@given(limits, st.integers(1, 200), st.integers(0, 2_000))
def test_whoever_has_an_order_is_in_exactly_one_stage(some: lifecycle.Limits, orders: int, quiet: int) -> None:
    rules = policy.rules(some)
    assert sum(_holds(rule, orders, quiet) for rule in rules.values()) == 1


def _holds(rule: Any, orders: int, quiet: int) -> bool:
    """The conditions of the stages, for somebody who joined long ago."""
    for word, fold in (("all", all), ("any", any)):
        if word in rule:
            return fold(_holds(part, orders, quiet) for part in rule[word])
    if "attr" in rule:
        return False
    value = orders if rule["measure"] == "count" else quiet
    wanted = rule["value"]
    if rule["op"] == "between":
        return bool(wanted[0] <= value <= wanted[1])
    return bool({"eq": value == wanted, "<=": value <= wanted, ">=": value >= wanted, ">": value > wanted}[rule["op"]])


async def test_one_click_makes_them_and_other_limits_reword_them(owner: httpx.AsyncClient) -> None:
    empty = (await owner.get(API)).json()
    assert empty["stages"] == [] and empty["limits"] is None
    first = await owner.put(API, json=empty["suggested"])
    assert first.status_code == 200, first.text
    assert [one["key"] for one in first.json()["stages"]] == list(lifecycle.KEYS)
    assert first.json()["limits"] == msgspec.to_builtins(lifecycle.DEFAULT)
    assert (await owner.put(API, json=empty["suggested"])).json() == first.json()
    tight = {"active_days": 7, "dormant_after": 21, "lost_after": 90, "mature_orders": 8}
    said = (await owner.post(f"{API}/words", json=tight)).json()["words"]
    assert said[4]["zh"] == "沉睡：22–90 天没来"
    assert (await owner.put(API, json=tight)).json()["limits"] == tight
    shown = (await owner.get("/console/api/segments/lifecycle-dormant")).json()
    assert (shown["version"], shown["rule"]["value"]) == (2, [22, 90])
    refused = await owner.put(API, json=tight | {"dormant_after": 100})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_limits")
    trail = (await owner.get("/console/api/audit-trail")).json()["items"]
    assert [one["action"] for one in trail].count("lifecycle.changed") == 2


@pytest.mark.slow
async def test_members_stand_where_the_limits_say(mirrored: Any, merchant_id: int) -> None:
    database, now = mirrored.database, datetime(2026, 6, 30, 4, tzinfo=UTC)
    with clock.at(now):
        async with database.write(merchant_id) as tx:
            await lifecycle.put(tx, lifecycle.Limits(10, 30, 90, 3), now, "苏芙")
        bought = {
            "13800138001": [5],
            "13800138002": [20, 40],
            "13800138003": [2, 9, 50],
            "13800138004": [31],
            "13800138005": [91],
        }
        orders = [
            ingestion.OrderIn(
                order_id=f"{phone}-{ago}", occurred_at=now - timedelta(days=ago), member={"phone": phone}, amount_fen=9_900
            )
            for phone, days_ago in bought.items() for ago in days_ago
        ]  # fmt: skip
        await intake.apply(database, merchant_id, orders, history=True, at=now)
        await segments.refresh(database, mirrored.mirror, merchant_id, now)
        async with database.read(merchant_id) as tx:
            life = await lifecycle.find(tx)
    assert {one.key: one.count for one in life.stages} == {
        "new": 1, "growing": 0, "mature": 1, "at_risk": 1, "dormant": 1, "lost": 1,
    }  # fmt: skip
