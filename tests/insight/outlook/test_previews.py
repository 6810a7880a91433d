"""A sample says how many there are within its margin, the same again and again; few members are counted exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap

from bench.segments import NOW, fill
from shuke.ground import mirror
from shuke.insight import outlook, segments
from shuke.insight.outlook.policy import sampling
from shuke.kit.db import Database

MEMBERS = 102_000
CITY = {"attr": "city", "op": "in", "value": ["上海", "杭州"]}
QUIET = {"did": "order", "window": {"last": "60d"}, "op": "eq", "value": 0}
SPENT = {"did": "order", "measure": {"sum": "amount_fen"}, "op": ">=", "value": 60_000}
PATH = {"sequence": [{"did": "view"}, {"did": "order"}], "within": "30d", "window": {"last": "90d"}}
BEST = {"rank": {"did": "order", "window": {"last": "90d"}, "measure": {"sum": "amount_fen"}}, "top": "20%"}
NOBODY = {"all": [QUIET, {"not": QUIET}]}
RULES: list[dict[str, Any]] = [PATH, NOBODY, {"all": [CITY, QUIET, {"not": SPENT}]}]


@pytest.fixture
async def crowd(database: Database, columns: mirror.Mirror, merchant_id: int) -> int:
    """A merchant whose mirror holds 102,000 members and what they did in a year."""
    for statement in fill(MEMBERS, MEMBERS, merchant_id=merchant_id):
        if not statement.startswith("OPTIMIZE"):
            await columns.engine.command(statement)
    return merchant_id


async def test_the_exact_figure_is_within_the_margin(
    database: Database, columns: mirror.Mirror, crowd: int
) -> None:  # fmt: skip
    async with database.read(crowd) as tx:
        for rule in RULES:
            exact = await outlook.preview(tx, columns, rule, NOW)
            told = await outlook.preview(tx, columns, rule, NOW, sampled=True)
            assert (exact.margin, exact.total, told.total) == (None, MEMBERS, MEMBERS)
            assert told.margin is not None
            assert abs(told.count - exact.count) <= told.margin < MEMBERS / 40
            assert (told.parts, told.funnel) == ([], [])
            inside = (await segments.ask(tx, columns, [segments.parsed(rule)], NOW)).members(segments.parsed(rule))
            assert inside.issuperset(BitMap(one.member_id for one in told.sample))
        again = await outlook.preview(tx, columns, rule, NOW, sampled=True)
        assert (told.count, told.margin, told.sample) == (again.count, again.margin, again.sample)


async def test_rankings_follow_their_stored_edge_or_are_counted_exactly(
    database: Database, columns: mirror.Mirror, crowd: int
) -> None:  # fmt: skip
    async with database.read(crowd) as tx:
        exact = await outlook.preview(tx, columns, BEST, NOW, sampled=True)
    assert (exact.margin, len(exact.parts)) == (None, 1)
    async with database.write(crowd) as tx:
        await segments.create_segment(tx, name="最近 90 天买得最多的", slug="best", rule=BEST, at=NOW)
    await segments.refresh(database, columns, crowd, NOW)
    async with database.read(crowd) as tx:
        told = await outlook.preview(tx, columns, {"segment": "best"}, NOW, sampled=True)
    assert told.margin is not None
    assert abs(told.count - exact.count) <= told.margin


async def test_few_members_are_counted_exactly(database: Database, columns: mirror.Mirror, merchant_id: int) -> None:
    for statement in fill(2_000, 1_000, merchant_id=merchant_id):
        if not statement.startswith("OPTIMIZE"):
            await columns.engine.command(statement)
    async with database.read(merchant_id) as tx:
        told = await outlook.preview(tx, columns, CITY, NOW, sampled=True)
    assert (told.margin, told.total, len(told.parts)) == (None, 2_000, 1)


WORLDS = {
    "as good as by chance": lambda number, dice: dice < 0.1,
    "more and more": lambda number, dice: dice < number / 130_000,
    "neighbours alike": lambda number, dice: dice < 0.3 + 0.25 * np.sin(number / 900),
    "one in five hundred": lambda number, dice: dice < 0.002,
    "nobody": lambda number, dice: dice < 0,
    "everybody": lambda number, dice: dice < 2,
}


@pytest.mark.parametrize("world", WORLDS)
def test_of_a_hundred_samples_ninety_four_are_right(world: str) -> None:
    """Over the samples of three hundred merchants; some member numbers are missing, as after merges."""
    number = np.arange(1, 130_001)
    dice = np.random.default_rng(7).random(number.size)
    there = np.random.default_rng(8).random(number.size) < 0.95
    population = BitMap(number[there])
    hits = BitMap(number[there & WORLDS[world](number, dice)])
    right = 0
    for seed in range(300):
        asked = sampling.blocks(population, seed)
        whole = BitMap.union(*asked)
        assert len(whole) == sampling.BLOCKS * sampling.SIDE
        assert whole.issubset(population)
        told = sampling.estimate(asked, hits & whole, len(population))
        right += abs(told.count - len(hits)) <= told.margin
    assert right >= 0.94 * 300, right
