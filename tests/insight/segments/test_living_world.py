"""Seeded streams of orders, refunds, behaviour, merges and time: live membership, the full SQL and the reference agree."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import HealthCheck, Phase

from shuke.ground import ingestion, members, mirror
from shuke.ground.orders import facts
from shuke.insight import grammar, segments
from shuke.insight.grammar import conditions
from shuke.insight.grammar.policy import rules
from shuke.kit.db import Database
from shuke.programs import intake
from tests.insight.grammar.test_three_back_ends import CHANNELS, SKUS, TREES
from tests.insight.grammar.worlds import Loader, first_flags

START = datetime(2026, 1, 5, 4, tzinfo=UTC)
SEEDS = [int(seed) for seed in os.environ.get("SEED", "1").split()]
STEPS = int(os.environ.get("STEPS", "8"))
"""`make simulate-segments` sets these for a long run."""
RULES = 10
MEMBERS = 9


def rules_of(seed: int, number: int) -> list[dict[str, Any]]:
    """So many random trees, the same for the same seed; lists and tags are other tests' work."""
    found: list[dict[str, Any]] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=number * 4, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(TREES)
    def collect(tree: dict[str, Any]) -> None:
        text = repr(tree)
        if tree not in found and not any(word in text for word in ("'list'", "'tag'", "tag:", "tag_group")):
            found.append(tree)

    collect()
    return sorted(found, key=lambda tree: -len(repr(tree)))[:number]


class _Shop:
    """One merchant with a moving clock, and its own books of what was told: every instant is used once."""

    def __init__(self, database: Database, merchant_id: int, seed: int) -> None:
        self.database, self.merchant_id = database, merchant_id
        self.chance = random.Random(seed)
        self.now, self.keys = START, 0
        self.orders: list[dict[str, Any]] = []
        self.behaviour: list[tuple[Any, ...]] = []
        self.merges: list[tuple[int, int, int]] = []
        self.moved: list[dict[str, Any]] = []

    def key(self) -> str:
        self.keys += 1
        return f"n{self.keys}"

    def instant(self) -> datetime:
        """Now, or late by up to weeks."""
        self.now += timedelta(microseconds=1_000_003)
        return self.now - timedelta(hours=self.chance.choice([0, 0, 0, 1, 30, 24 * 9]))

    async def send(self, item: Any) -> dict[str, Any]:
        [answer] = await intake.apply(self.database, self.merchant_id, [item], history=True, at=self.now)
        told = msgspec.json.decode(answer.body)
        assert told["status"] == "accepted", told
        return told

    async def number_of(self, name: str) -> int:
        async with self.database.read(self.merchant_id) as tx:
            return int(
                await tx.value(
                    "select member_id from identity where merchant_id = %(merchant_id)s and value = %(name)s", name=name
                )
            )

    async def order(self) -> None:
        at, name, order_key = self.instant(), f"m{self.chance.randrange(MEMBERS)}", self.key()
        lines: list[dict[str, Any]] = [
            {"sku": self.chance.choice(SKUS), "category": self.chance.choice(["护肤", "彩妆", ""]),
             "quantity": self.chance.randrange(1, 4), "amount_fen": self.chance.choice([100, 2500, 10_000])}
            for _ in range(self.chance.choice([1, 1, 2, 3]))
        ]  # fmt: skip
        channel, coupon = self.chance.choice(CHANNELS), self.chance.choice(["", "SPRING"])
        await self.send(
            ingestion.OrderIn(
                order_id=order_key,
                occurred_at=at,
                member={"external": name},
                channel=channel,
                store_id="s1",
                coupon_code=coupon or None,
                lines=[ingestion.LineIn(**line) for line in lines],
            )
        )
        self.orders.append(
            {"order_id": len(self.orders) + 1, "key": order_key, "member": await self.number_of(name), "at": at,
             "amount": sum(line["amount_fen"] for line in lines), "lines": lines, "refunds": [], "channel": channel,
             "store": "s1", "coupon": coupon, "discount": 0}
        )  # fmt: skip

    async def refund(self) -> None:
        """A part or all that is left, with or without lines; it is told of whoever the order belongs to by now."""
        left = {n: one["amount"] - sum(back.amount_fen for back in one["refunds"]) for n, one in enumerate(self.orders)}
        places = [n for n, fen in left.items() if fen > 0]
        if not places:
            return
        place = self.chance.choice(places)
        order, at = self.orders[place], self.instant()
        at = max(at, order["at"] + timedelta(seconds=7))
        amount = self.chance.choice([left[place], max(1, left[place] // 3)])
        line = self.chance.choice(order["lines"])
        named = (
            [{"sku": line["sku"], "quantity": 1, "amount_fen": min(amount, 100)}] if self.chance.random() < 0.5 else []
        )
        await self.send(
            ingestion.RefundIn(
                refund_id=self.key(),
                order_id=order["key"],
                occurred_at=at,
                amount_fen=amount,
                lines=[ingestion.RefundLineIn(**one) for one in named],
            )
        )
        order["refunds"].append(facts.Returned(self.keys, at, amount, named))
        order.setdefault("told", []).append(order["member"])

    async def behave(self) -> None:
        at, name, kind = self.instant(), f"m{self.chance.randrange(MEMBERS)}", self.chance.choice(["view", "check_in"])
        properties: dict[str, Any] = {"sku": self.chance.choice(SKUS), "seconds": self.chance.choice([0, 1, 2.5, 30])}
        channel = self.chance.choice(CHANNELS)
        await self.send(
            ingestion.EventIn(
                event_id=self.key(),
                occurred_at=at,
                event=kind,
                member={"external": name},
                channel=channel,
                properties=properties,
            )
        )
        self.behaviour.append((kind, await self.number_of(name), at, properties, channel))

    async def merge(self) -> None:
        """Two who live become one."""
        async with self.database.write(self.merchant_id) as tx:
            rows = await tx.rows(
                "select member_id from member where merchant_id = %(merchant_id)s and merged_into is null order by member_id"
            )
            living = [row.member_id for row in rows]
            if len(living) < 4:
                return
            old, heir = self.chance.sample(living, 2)
            merge_id = await members.merge(tx, old, heir, by="小美", at=self.now)
        self.merges.append((merge_id, old, heir))
        self._give(old, heir)

    def _give(self, old: int, heir: int) -> None:
        taken = [one for one in self.orders if one["member"] == old]
        done = [n for n, one in enumerate(self.behaviour) if one[1] == old]
        told = [(one, n) for one in self.orders for n, who in enumerate(one.get("told", [])) if who == old]
        for one in taken:
            one["member"] = heir
        for one, n in told:
            one["told"][n] = heir
        for n in done:
            self.behaviour[n] = (self.behaviour[n][0], heir, *self.behaviour[n][2:])
        self.moved.append({"orders": taken, "behaviour": done, "told": told})

    async def part(self) -> None:
        """The latest merge is taken apart; what the heir did since stays theirs."""
        if not self.merges:
            return
        merge_id, old, _ = self.merges.pop()
        async with self.database.write(self.merchant_id) as tx:
            await members.unmerge(tx, merge_id, by="小美", at=self.now)
        back = self.moved.pop()
        for one in back["orders"]:
            one["member"] = old
        for one, n in back["told"]:
            one["told"][n] = old
        for n in back["behaviour"]:
            self.behaviour[n] = (self.behaviour[n][0], old, *self.behaviour[n][2:])

    async def step(self) -> None:
        acts = {self.order: 10, self.refund: 5, self.behave: 8, self.merge: 2, self.part: 1}
        for _ in range(self.chance.randrange(4)):
            await self.chance.choices(list(acts), weights=list(acts.values()))[0]()
        self.now += timedelta(minutes=self.chance.choice([1, 50, 60 * 9, 60 * 24, 60 * 24 * 6]))

    async def drawn(self) -> dict[str, Any]:
        """What happened, in the words of the worlds of the grammar's own test."""
        async with self.database.read(self.merchant_id) as tx:
            rows = await tx.rows(
                "select member_id, joined_at from member where merchant_id = %(merchant_id)s and merged_into is null"
            )
        return {
            "members": {row.member_id: row.joined_at for row in rows}, "orders": self.orders,
            "behaviour": self.behaviour, "attributes": [], "zone": "Asia/Shanghai", "day_start": 0, "as_of": self.now,
        }  # fmt: skip


async def _compare(opened: mirror.Mirror, shop: _Shop, trees: dict[str, Any], where: str) -> None:
    """Live against the full SQL by the proof itself; the full SQL against the reference tree by tree."""
    await mirror.drain(opened, shop.database, shop.merchant_id)
    await segments.live(shop.database, opened, shop.merchant_id, shop.now)
    proof = await segments.verify(shop.database, opened, shop.merchant_id, shop.now)
    apart = {slug: found for slug, found in proof.items() if found["missing"] or found["extra"]}
    assert not apart, (where, [(slug, found, trees[slug]) for slug, found in apart.items()])
    assert set(proof) == set(trees)
    loaded = Loader(shop.merchant_id, await shop.drawn())
    first_flags(loaded.world, loaded.moment)
    loaded.world.tables["members"] = [
        {"member": member, "seq": 0, "joined_at": at} for member, at in loaded.world.members.items()
    ]
    nodes = {slug: conditions.parse(tree, opened.registry) for slug, tree in trees.items()}
    async with shop.database.read(shop.merchant_id) as tx:
        moment = await grammar.moment_of(tx, shop.now)
    answer = await grammar.answer(opened, list(nodes.values()), moment)
    population = loaded.world.population(loaded.moment)
    for slug, node in nodes.items():
        expected = rules.evaluate(
            node, population, lambda leaf: conditions.holding(leaf, loaded.moment, opened.registry, loaded.world)
        )
        assert set(answer.members(node)) == expected, (where, trees[slug], set(answer.members(node)) ^ expected)


@pytest.mark.parametrize("seed", SEEDS)
async def test_live_full_and_reference_agree(
    database: Database, columns: mirror.Mirror, merchant_id: int, seed: int
) -> None:
    shop = _Shop(database, merchant_id, seed)
    trees = {f"r{n}": tree for n, tree in enumerate(rules_of(seed, RULES))}
    columns.listeners.append(segments.note_changed)
    try:
        for _ in range(5):
            await shop.order()
        async with database.write(merchant_id) as tx:
            for slug, tree in trees.items():
                await segments.create_segment(tx, name=slug, slug=slug, rule=tree, at=shop.now)
        await segments.refresh(database, columns, merchant_id, shop.now)
        for n in range(STEPS):
            await shop.step()
            await _compare(columns, shop, trees, f"seed {seed}, step {n}")
    finally:
        columns.listeners.remove(segments.note_changed)


async def test_refunds_after_a_merge_are_the_heirs(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    """All of an order comes back after its member was merged; then the merge is taken apart."""
    shop = _Shop(database, merchant_id, 1)
    trees: dict[str, dict[str, Any]] = {
        "buyers": {"did": "order", "measure": {"sum": "amount_fen"}, "op": ">=", "value": 1},
        "returned": {"did": "refund"},
    }
    columns.listeners.append(segments.note_changed)
    try:
        for _ in range(3):
            await shop.order()
        async with database.write(merchant_id) as tx:
            for slug, tree in trees.items():
                await segments.create_segment(tx, name=slug, slug=slug, rule=tree, at=shop.now)
        await segments.refresh(database, columns, merchant_id, shop.now)
        await _compare(columns, shop, trees, "before")
        old, heir = sorted({order["member"] for order in shop.orders})[:2]
        async with database.write(merchant_id) as tx:
            merge_id = await members.merge(tx, old, heir, by="小美", at=shop.now)
        shop.merges.append((merge_id, old, heir))
        shop._give(old, heir)
        for _ in range(12):
            await shop.refund()
        shop.now += timedelta(hours=1)
        await _compare(columns, shop, trees, "merged")
        await shop.part()
        await _compare(columns, shop, trees, "parted")
    finally:
        columns.listeners.remove(segments.note_changed)
