"""What members could pay with their points: for all, for some, and in plain Python, before and after it runs out."""

from __future__ import annotations

from typing import Any

import pytest

from shuke.ground import mirror
from shuke.insight import grammar, segments
from shuke.insight.grammar import conditions
from shuke.insight.grammar.policy.world import World
from shuke.kit.db import Database
from tests.insight.segments.test_membership import DAY, NOON, bought, shop

__all__ = ["bought", "shop"]


def affords(points: Any, value: bool = True) -> dict[str, Any]:
    return {"attr": "points.affords", "args": {"points": points}, "op": "eq", "value": value}


async def world(opened: mirror.Mirror, merchant_id: int, members: list[int]) -> World:
    """The same rows in memory."""
    names = ("member", "wallet", "kind", "effective_at", "active_from", "expires_at", "points")
    rows = await mirror.rows(opened, f"SELECT {', '.join(names)} FROM points_moves WHERE merchant = {merchant_id}")
    told = [dict(zip(names, row, strict=True)) for row in rows]
    for row in told:
        for name in ("effective_at", "active_from", "expires_at"):
            row[name] = mirror.instant(row[name].isoformat())
    return World(members=dict.fromkeys(members), tables={"points_moves": told})


@pytest.mark.parametrize("points", [1, 50, 51, 100, 400, 401])
async def test_three_back_ends_agree(database: Database, columns: mirror.Mirror, shop: int, points: int) -> None:
    await mirror.drain(columns, database, shop)
    for at in (NOON, NOON - 20 * DAY, NOON + 4_000 * DAY):
        async with database.read(shop) as tx:
            moment = await grammar.moment_of(tx, at)
        for value in (True, False):
            leaf = grammar.parse(affords(points, value), columns.registry)
            whole = await grammar.answer(columns, [leaf], moment)
            everyone = set(whole.everyone)
            reference = conditions.holding(leaf, moment, columns.registry, await world(columns, shop, sorted(everyone)))
            assert set(whole.members(leaf)) == reference & everyone
            few = await grammar.answer(columns, [leaf], moment, among=[1, 2])
            assert set(few.members(leaf)) == reference & everyone & {1, 2}


async def test_the_same_as_the_balance(database: Database, columns: mirror.Mirror, shop: int) -> None:
    for points in (50, 100, 400):
        by_balance = {"attr": "points.available", "op": ">=", "value": points}
        wanted = await segments.count(database, columns, shop, by_balance, NOON, ids=True)
        assert await segments.count(database, columns, shop, affords(points), NOON, ids=True) == wanted


def test_it_is_said_as_a_shop_owner_would(columns: mirror.Mirror) -> None:
    assert grammar.sentence(grammar.parse(affords(1_500), columns.registry)) == (
        "积分够付 1,500：是", "Has enough to pay 1,500 points: yes",
    )  # fmt: skip
    rule = grammar.read("points.affords(points: 1500) = true")
    assert rule == affords(1_500) and grammar.read(grammar.write(rule)) == rule
    for wrong in ("500", 0, -1, True, 1.5):
        with pytest.raises(grammar.BadRule) as refused:
            grammar.parse(affords(wrong), columns.registry)
        assert refused.value.path == "$.args.points"
