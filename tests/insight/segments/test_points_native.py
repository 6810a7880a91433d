"""What members could pay with their points: for all, for some, and in plain Python, before and after it runs out."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from shuke.assets import offers
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


def could_have(slug: str, value: bool = True) -> dict[str, Any]:
    return {"attr": "points.affords", "args": {"reward": slug}, "op": "eq", "value": value}


async def an_offer(database: Database, merchant_id: int, slug: str, points: int) -> offers.Terms:
    terms = offers.Terms(name="积分抵五十", points=points, value_fen=5_000)
    async with database.write(merchant_id) as tx:
        await offers.create_offer(tx, slug, terms, NOON)
    return terms


async def test_what_a_thing_costs_is_known_when_it_is_asked(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    """The rule of the design, in three back ends; the price is that of now, whatever the instant."""
    terms = await an_offer(database, shop, "fifty", 100)
    await mirror.drain(columns, database, shop)
    leaves = [grammar.parse(could_have("fifty", value), columns.registry) for value in (True, False)]
    found = []
    for price in (100, 51, 401):
        async with database.write(shop) as tx:
            offer = await offers.find_offer(tx, "fifty")
            assert offer is not None
            await offers.edit_offer(tx, offer.offer_id, msgspec.structs.replace(terms, points=price))
        for at in (NOON, NOON - 20 * DAY):
            async with database.read(shop) as tx:
                moment = await grammar.moment_of(tx, at)
            answer = await grammar.answer(columns, leaves, moment)
            facts = await world(columns, shop, sorted(answer.everyone))
            few = await grammar.answer(columns, leaves, moment, among=[1, 2])
            for leaf in leaves:
                meant = conditions.holding(leaf, moment, columns.registry, facts)
                assert set(answer.members(leaf)) == meant & set(answer.everyone)
                assert set(few.members(leaf)) == meant & set(few.everyone)
            plain = await segments.count(database, columns, shop, affords(price), at)
            assert await segments.count(database, columns, shop, could_have("fifty"), at) == plain
            found.append(plain.count)
    assert len(set(found)) > 1
    unpriced = dataclasses.replace(moment, prices={})  # as where nobody says what things cost
    nobody = await grammar.answer(columns, leaves, unpriced)
    assert not nobody.members(leaves[0]) and nobody.members(leaves[1]) == nobody.everyone
    assert conditions.holding(leaves[0], unpriced, columns.registry, facts) == set()


async def test_who_can_pay_changes_with_the_price(database: Database, columns: mirror.Mirror, shop: int) -> None:
    """A saved segment is refreshed soon after an offer costs more; nothing waits where the price stays."""
    terms = await an_offer(database, shop, "fifty", 1)
    async with database.write(shop) as tx:
        await segments.create_segment(tx, name="换得起", slug="can-pay", rule=could_have("fifty"), at=NOON)
    [before] = await segments.refresh(database, columns, shop, NOON)
    assert before.size > 0
    due = "select at from due where kind = 'segments_refresh' and merchant_id = %(merchant)s"
    for changed, woken in ((terms, False), (msgspec.structs.replace(terms, points=100_000), True)):
        async with database.directory() as tx:
            await tx.run(
                "delete from due where kind = 'segments_refresh' and merchant_id = %(merchant)s", merchant=shop
            )
        async with database.write(shop) as tx:
            offer = await offers.find_offer(tx, "fifty")
            assert offer is not None
            await offers.edit_offer(tx, offer.offer_id, changed)
        async with database.directory() as tx:
            assert bool(await tx.rows(due, merchant=shop)) is woken
    [after] = await segments.refresh(database, columns, shop, NOON)
    assert (after.size, after.left) == (0, before.size)


async def test_a_thing_that_is_not_there_is_refused_with_what_is(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    for there, said in ((None, "make one first"), ("fifty", "there are: fifty")):
        if there:
            await an_offer(database, shop, there, 100)
        with pytest.raises(grammar.BadRule) as refused:
            await segments.count(database, columns, shop, could_have("sixty"), NOON)
        assert refused.value.path == "$.args.reward" and said in refused.value.body()["message_en"]
    both = {"attr": "points.affords", "args": {"reward": "fifty", "points": 5}, "op": "eq", "value": True}
    with pytest.raises(grammar.BadRule):
        grammar.parse(both, columns.registry)


async def test_a_thing_is_said_by_its_name(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await an_offer(database, shop, "fifty", 500)
    rule = could_have("fifty")
    async with database.read(shop) as tx:
        names = await grammar.names_in(tx, [rule])
    leaf = grammar.parse(rule, columns.registry)
    assert grammar.sentence(leaf) == ("积分够换「fifty」：是", 'Has enough points for "fifty": yes')
    assert grammar.said(leaf, names, columns.registry).zh == "积分够换「积分抵五十」：是"
    text = grammar.write(rule)
    assert text == 'points.affords(reward: "fifty") = true' and grammar.read(text) == rule
    told = await grammar.vocabulary(columns, shop)
    [fact] = [one for one in told["attributes"] if one["name"] == "points.affords"]
    assert (fact["arguments"], fact["instead"]) == ({"points": "number"}, {"reward": "offer"})
