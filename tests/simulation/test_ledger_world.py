"""Seeded worlds through the one write path, beside an auditor that keeps its own books; both must agree to the point."""

import os
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from shuke.assets import approvals, audit, confirmations, offers, points
from shuke.ground import members, orders
from shuke.ground.ingestion import OrderIn, RefundIn
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import earning, intake, tiers
from tests.simulation.books import Books, Rule

START = datetime(2023, 2, 1, 2, tzinfo=UTC)
MEMBERS = int(os.environ.get("MEMBERS", "6"))
SEEDS = [int(seed) for seed in os.environ.get("SEED", "1 2 3").split()]
STEPS = int(os.environ.get("STEPS", "250"))
"""`make simulate` sets these for a long run."""
LADDER = [
    tiers.Level(0, "普通会员", 0, 100),
    tiers.Level(1, "金卡", 200_000, 150),
    tiers.Level(2, "白金", 600_000, 200),
]


class World:
    """One merchant, its books, a moving clock and a seeded chance."""

    def __init__(self, database: Database, merchant_id: int, seed: int) -> None:
        self.database, self.merchant_id = database, merchant_id
        self.chance = random.Random(seed)
        self.now = START
        self.sent: list[Any] = []
        self.keys = 0
        self.numbers: dict[int, int] = {}
        self.offer_id = 0
        self.holds: list[str] = []
        self.merges = 0
        thresholds = [(level.threshold, Fraction(level.multiplier_percent, 100)) for level in LADDER]
        waiting = [Rule(3, 2, "pos", 60, (9, True)), Rule(4, 1, "web", None, (5, False))]
        self.books = Books([Rule(1, 1, "", None), Rule(2, 3, "mini", 40), *waiting], thresholds)

    async def open(self) -> None:
        """A second rule for the mini program, with points that run out soon; a ladder; an offer to spend 100 points."""
        async with self.database.write(self.merchant_id) as tx:
            draft = earning.Draft(
                name="小程序加赠", params={"points": 3, "per_fen": 100, "validity": "40D"},
                conditions=[{"kind": "channel", "params": {"channels": ["mini"]}}],
            )  # fmt: skip
            rule_id = await earning.create_rule(tx, "spend_rate", draft, START)
            await earning.publish(tx, rule_id, START)
            for channel, points_, validity, use in (
                ("pos", 2, "60D", {"when": "action", "wait": "9D", "action": "到店核销"}),
                ("web", 1, "1Y_U", {"when": "action", "wait": "5D", "unconfirmed": "due"}),
            ):
                draft = earning.Draft(
                    name=f"{channel} 确认后可用", params={"points": points_, "per_fen": 100, "validity": validity},
                    conditions=[{"kind": "channel", "params": {"channels": [channel]}}], terms={"use": use},
                )  # fmt: skip
                await earning.publish(tx, await earning.create_rule(tx, "spend_rate", draft, START), START)
            await tiers.change_ladder(tx, LADDER)
            terms = offers.Terms(name="积分抵现", points=100, value_fen=1_000, valid_for="3D", max_share_percent=100)
            self.offer_id = (await offers.create_offer(tx, "cash", terms, START)).offer_id

    def key(self, prefix: str) -> str:
        self.keys += 1
        return f"{prefix}{self.keys}"

    async def send(self, *items: Any) -> list[dict[str, Any]]:
        answers = await intake.apply(self.database, self.merchant_id, items, at=self.now)
        return [msgspec.json.decode(answer.body) for answer in answers]

    async def order(self) -> None:
        member = self.chance.randrange(MEMBERS)
        happened = self.now - timedelta(hours=self.chance.choice([0, 0, 0, 5, 24 * 9]))
        fen = self.chance.choice([0, 99, 100, 12_345, self.chance.randrange(200_000)])
        spend = 100 if fen and self.chance.random() < 0.3 and member in self.numbers else 0
        if spend:
            await self._give_offer(self.numbers[member])
        item = OrderIn(
            order_id=self.key("o"), occurred_at=happened, member={"external": f"m{member}"}, amount_fen=fen,
            channel=self.chance.choice(["pos", "mini", "web"]), points_spent=spend,
        )  # fmt: skip
        (answer,) = await self.send(item)
        accepted = self.books.order(item.order_id, member, fen, item.channel, happened, self.now, spend)
        assert (answer.get("status") == "accepted") == accepted, answer
        if accepted:
            self.numbers[member] = answer["member_id"]
            self.sent.append(item)

    async def _give_offer(self, member_id: int) -> None:
        async with self.database.write(self.merchant_id) as tx:
            await offers.grant(
                tx, [offers.Grant(offer_id=self.offer_id, member_id=member_id, key=self.key("g"))], self.now
            )

    async def refund(self) -> None:
        """Mostly of a known order, in one or several parts of one call; sometimes before its order comes."""
        early = self.chance.random() < 0.1
        recent = [item.order_id for item in self.sent if isinstance(item, OrderIn)][-25:]
        if early or not recent:
            await self._early_refund()
            return
        of = self.chance.choice(recent)
        left = self.books.sales[of].fen - self.books.sales[of].refunded
        cuts = [self.chance.randrange(left + 1) for _ in range(self.chance.choice([1, 1, 2]))]
        amounts = [left, *cuts] if self.chance.random() < 0.2 else cuts
        items = [
            RefundIn(refund_id=self.key("r"), order_id=of, occurred_at=self.now, amount_fen=amount)
            for amount in amounts
        ]
        for item, answer in zip(items, await self.send(*items), strict=True):
            accepted = self.books.refund(of, item.amount_fen, self.now, self.now)
            assert (answer.get("status") == "accepted") == accepted, answer
            if accepted:
                self.sent.append(item)

    async def _early_refund(self) -> None:
        of, member, fen = self.key("o"), self.chance.randrange(MEMBERS), self.chance.randrange(1, 50_000)
        refund = RefundIn(refund_id=self.key("r"), order_id=of, occurred_at=self.now, amount_fen=fen // 2)
        (answer,) = await self.send(refund)
        assert answer["status"] == "parked"
        self.books.refund(of, fen // 2, self.now, self.now)
        item = OrderIn(
            order_id=of, occurred_at=self.now, member={"external": f"m{member}"}, amount_fen=fen, channel="mini"
        )
        (answer,) = await self.send(item)
        self.books.order(of, member, fen, "mini", self.now, self.now)
        self.numbers[member] = answer["member_id"]
        self.sent += [refund, item]

    async def repeat(self) -> None:
        """Anything that was ever sent may come again, alone or twice."""
        if self.sent:
            item = self.chance.choice(self.sent)
            for answer in await self.send(item, item):
                assert answer["status"] == "duplicate"

    async def sweep(self) -> None:
        await points.sweep_merchant(self.database, self.merchant_id, self.now, batch=self.chance.choice([1, 3, 500]))
        self.books.sweep(self.now)

    async def adjust(self) -> None:
        if not self.numbers:
            return
        member = self.chance.choice(sorted(self.numbers))
        amount = self.chance.choice([-200, -50, 40, 300])
        adjustment = approvals.Adjustment(
            member_id=self.numbers[member], points=amount, reason="盘点", by="auditor", key=self.key("a")
        )
        ends = datetime(self.now.astimezone(clock.zone("Asia/Shanghai")).year + 1, 12, 31, 16, tzinfo=UTC)
        accepted = self.books.adjust(member, amount, self.now, ends)
        try:
            with clock.at(self.now):
                await self.database.attempt(self.merchant_id, approvals.adjust, adjustment, self.now)
            assert accepted
        except points.NotEnoughPoints:
            assert not accepted

    async def hold(self) -> None:
        """Set points aside for a day or two, and capture or release an earlier hold."""
        if not self.numbers:
            return
        member, key = self.chance.choice(sorted(self.numbers)), self.key("h")
        amount, until = self.chance.randrange(1, 200), self.now + timedelta(days=self.chance.choice([1, 3]))
        request = points.HoldRequest(member_id=self.numbers[member], points=amount, key=key, why={}, expires_at=until)
        accepted = self.books.hold(key, member, amount, until, self.now)
        async with self.database.write(self.merchant_id) as tx:
            (verdict,) = await points.hold(tx, [request], self.now)
        assert (verdict.state == "done") == accepted
        if accepted:
            self.holds.append(key)

    async def close_hold(self) -> None:
        """Capture or release the oldest hold; one that is over is refused or was released by the sweep."""
        if not self.holds:
            return
        key, capture = self.holds.pop(0), self.chance.random() < 0.5
        accepted = self.books.close(key, capture, self.now)
        async with self.database.write(self.merchant_id) as tx:
            verb = points.capture if capture else points.release
            (verdict,) = await verb(tx, [key], self.now)
        if capture:
            assert (verdict.state == "done") == accepted, (verdict, accepted)
        if capture and not accepted:
            self.books.close(key, False, self.now)

    async def confirm(self) -> None:
        """Somebody confirms a recent order; perhaps too late, perhaps twice, perhaps after it was returned."""
        recent = [item for item in self.sent if isinstance(item, OrderIn) and item.channel != "mini"][-15:]
        if not recent:
            return
        of = self.chance.choice(recent)
        async with self.database.write(self.merchant_id) as tx:
            known = await orders.orders_of_keys(tx, [(of.source, of.order_id)])
            wish = confirmations.Wish(order_id=known[of.source, of.order_id].order_id)
            try:
                found = await confirmations.confirm(tx, [wish], self.now)
            except confirmations.NothingAwaited:
                found = []
        assert sum(one.confirmed_at == self.now for one in found) == self.books.confirm(of.order_id, self.now)

    async def merge(self) -> None:
        """Two members turn out to be one; twice in a world, so that some stay."""
        people = sorted(set(self.numbers.values()))
        if self.merges == 2 or len(people) < 4:
            return
        self.merges += 1
        loser, heir = self.chance.sample(people, 2)
        async with self.database.write(self.merchant_id) as tx:
            await members.merge(tx, loser, heir, by="auditor", at=self.now)
            with clock.at(self.now):
                await points.merge_members(tx, [(loser, heir)], self.now)
                await tiers.merge_standings(tx, [(loser, heir)], self.now)
        names = {number: member for member, number in self.numbers.items()}
        self.books.merge(names[loser], names[heir], self.now)
        self.numbers = {member: heir if number == loser else number for member, number in self.numbers.items()}

    async def step(self) -> None:
        acts = {
            self.order: 10, self.refund: 5, self.repeat: 2, self.sweep: 1, self.adjust: 1, self.hold: 1,
            self.close_hold: 1, self.merge: 0.2, self.confirm: 4,
        }  # fmt: skip
        act = self.chance.choices(list(acts), weights=list(acts.values()))[0]
        await act()
        self.now += timedelta(minutes=self.chance.choice([1, 60, 60 * 24, 60 * 24 * 5]))

    async def compare(self) -> None:
        """Every member's lots, balance and debt, and the merchant's totals."""
        async with self.database.read(self.merchant_id) as tx:
            held = await points.balances(tx, self.numbers.values(), self.now)
            for member, number in self.numbers.items():
                kept = self.books.members[member]
                lots = [(lot.expires_at, lot.earned_at, lot.remaining) for lot in await points.lots_of(tx, number)]
                assert sorted(lots) == sorted(
                    (lot.expires_at, lot.earned_at, lot.left) for lot in kept.lots if lot.left
                )
                assert (held[number].available, held[number].debt) == (kept.available(self.now), kept.debt)
                assert (await tiers.level_now(tx, number)).level == kept.level
        result = await audit.audit(self.database, self.merchant_id, self.now)
        assert result["found"] == []
        assert result["totals"]["points"]["clawed_back"] == self.books.clawed_back


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_ledger_agrees_with_the_auditors_own_books(database: Database, merchant_id: int, seed: int) -> None:
    world = World(database, merchant_id, seed)
    await world.open()
    for turn in range(1, STEPS + 1):
        await world.step()
        if turn % max(50, STEPS // 20) == 0 or turn == STEPS:
            await world.compare()
    assert sum(who.debt for who in world.books.members.values()) or world.books.clawed_back
