"""A merchant in whose life everything happens at random, with its own books of what was told to it."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shuke.assets import points
from shuke.doors import wiring
from shuke.ground import ingestion, members, mirror, tenancy
from shuke.ground.members import jobs as member_jobs
from shuke.ground.orders import facts
from shuke.insight import tags
from shuke.insight.tags import jobs as tag_jobs
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.programs import intake
from tests.insight.grammar.test_three_back_ends import CHANNELS, SKUS

STARTS = [
    datetime(2026, 1, 5, 4, tzinfo=UTC), datetime(2026, 3, 25, 7, 30, tzinfo=UTC), datetime(2026, 8, 26, 16, tzinfo=UTC),
    datetime(2026, 9, 24, 22, tzinfo=UTC), datetime(2028, 2, 20, 15, tzinfo=UTC),
]  # fmt: skip
"""Before the days on which clocks change somewhere below, and before a 29 February."""
ZONES = ["Asia/Shanghai", "America/Santiago", "Australia/Lord_Howe", "America/New_York", "Pacific/Kiritimati", "UTC"]
DAY_STARTS = [0, 0, 240, 150, 1439]
MEMBERS = 9
VALUES = ["上海", "北京", "2000-02-29", 3, 3.5, True, False, ["上海", "vip"], ["3"], "", None]
BIRTHDAYS = ["1990-03-05", "2000-02-29", "1988-01-12", "1995-09-06", "2001-10-04", "1979-04-05", None]


class Shop:
    """One merchant with a moving clock; every instant is used once, by its microseconds."""

    def __init__(self, database: Database, merchant_id: int, seed: int) -> None:
        self.database, self.merchant_id = database, merchant_id
        self.chance = random.Random(seed)
        self.now = self.chance.choice(STARTS)
        self.zone, self.day_start = self.chance.choice(ZONES), self.chance.choice(DAY_STARTS)
        self.keys = 0
        self.orders: list[dict[str, Any]] = []
        self.behaviour: list[tuple[Any, ...]] = []
        self.merges: list[tuple[int, int, int]] = []
        self.moved: list[dict[str, Any]] = []
        self.tags: list[int] = []

    async def open(self) -> None:
        """Zone and start of the day, two tags of which one is in a group, and a few orders."""
        async with self.database.write(self.merchant_id) as tx:
            await tenancy.change_merchant(tx, zone=self.zone, day_start_minutes=self.day_start)
            group = await tags.create_group(tx, "life", exclusive=False, at=self.now)
            for name, inside in (("vip", None), ("nobody", None), ("mama", group.slug)):
                made = await tags.create_tag(tx, tags.TagShape(name=name, group=inside), self.now, "小美")
                if name != "nobody":
                    self.tags.append(made.tag_id)
        for _ in range(5):
            await self.order()

    def key(self) -> str:
        """One that nothing had before."""
        self.keys += 1
        return f"n{self.keys}"

    def instant(self) -> datetime:
        """Now, or late by up to weeks."""
        self.now += timedelta(microseconds=1_000_003)
        return self.now - timedelta(hours=self.chance.choice([0, 0, 0, 1, 30, 24 * 9]))

    def somebody(self) -> str:
        """By what a till knows them."""
        return f"m{self.chance.randrange(MEMBERS)}"

    async def living(self) -> list[int]:
        """Members who were not merged away."""
        async with self.database.read(self.merchant_id) as tx:
            rows = await tx.rows(
                "select member_id from member where merchant_id = %(merchant_id)s and merged_into is null order by member_id"
            )
        return [row.member_id for row in rows]

    async def number_of(self, name: str) -> int:
        """Whose that name is by now."""
        async with self.database.read(self.merchant_id) as tx:
            return int(
                await tx.value(
                    "select member_id from identity where merchant_id = %(merchant_id)s and value = %(name)s", name=name
                )
            )

    async def send(self, items: list[Any]) -> None:
        """All of them are taken in together."""
        for answer in await intake.apply(self.database, self.merchant_id, items, history=True, at=self.now):
            told = msgspec.json.decode(answer.body)
            assert told["status"] == "accepted", told

    async def order(self) -> None:
        """One member buys something."""
        await self._take_in([self._bought()])

    async def history(self) -> None:
        """A file with several orders."""
        await self._take_in([self._bought() for _ in range(self.chance.randrange(2, 6))])

    async def _take_in(self, drawn: list[dict[str, Any]]) -> None:
        await self.send([
            ingestion.OrderIn(
                order_id=one["key"], occurred_at=one["at"], member={"external": one["name"]}, channel=one["channel"],
                store_id="s1", coupon_code=one["coupon"] or None, lines=[ingestion.LineIn(**line) for line in one["lines"]],
            )
            for one in drawn
        ])  # fmt: skip
        for one in drawn:
            own = {"order_id": len(self.orders) + 1, "member": await self.number_of(one.pop("name"))}
            self.orders.append(one | own)

    def _bought(self) -> dict[str, Any]:
        at, name, key = self.instant(), self.somebody(), self.key()
        lines: list[dict[str, Any]] = [
            {"sku": self.chance.choice(SKUS), "category": self.chance.choice(["护肤", "彩妆", ""]),
             "quantity": self.chance.randrange(1, 4), "amount_fen": self.chance.choice([100, 2500, 10_000])}
            for _ in range(self.chance.choice([1, 1, 2, 3]))
        ]  # fmt: skip
        return {
            "key": key, "name": name, "at": at, "amount": sum(line["amount_fen"] for line in lines), "lines": lines,
            "refunds": [], "channel": self.chance.choice(CHANNELS), "store": "s1", "discount": 0,
            "coupon": self.chance.choice(["", "SPRING"]),
        }  # fmt: skip

    async def refund(self) -> None:
        """A part or all that is left, with or without lines; it is told of whoever the order belongs to by now."""
        left = {n: one["amount"] - sum(back.amount_fen for back in one["refunds"]) for n, one in enumerate(self.orders)}
        places = [n for n, fen in left.items() if fen > 0]
        if not places:
            return
        place = self.chance.choice(places)
        order, at = self.orders[place], self.instant()
        at = max(at, order["at"] + timedelta(seconds=7))
        if at > self.now:  # the clock went back behind the order
            return
        amount = self.chance.choice([left[place], max(1, left[place] // 3)])
        line = self.chance.choice(order["lines"])
        named = (
            [{"sku": line["sku"], "quantity": 1, "amount_fen": min(amount, 100)}] if self.chance.random() < 0.5 else []
        )
        await self.send([
            ingestion.RefundIn(
                refund_id=self.key(), order_id=order["key"], occurred_at=at, amount_fen=amount,
                lines=[ingestion.RefundLineIn(**one) for one in named],
            )
        ])  # fmt: skip
        order["refunds"].append(facts.Returned(self.keys, at, amount, named))
        order.setdefault("told", []).append(order["member"])

    async def behave(self) -> None:
        """They look at something, or check in."""
        at, name, kind = self.instant(), self.somebody(), self.chance.choice(["view", "check_in"])
        properties: dict[str, Any] = {"sku": self.chance.choice(SKUS), "seconds": self.chance.choice([0, 1, 2.5, 30])}
        more = {"mixed": [1, "1", True, "x"], "finished": [True, False], "note": ["2026-02-27", "later"]}
        for called in self.chance.sample(sorted(more), self.chance.randrange(3)):
            properties[called] = self.chance.choice(more[called])
        channel = self.chance.choice(CHANNELS)
        await self.send([
            ingestion.EventIn(
                event_id=self.key(), occurred_at=at, event=kind, member={"external": name}, channel=channel,
                properties=properties,
            )
        ])  # fmt: skip
        self.behaviour.append((kind, await self.number_of(name), at, properties, channel))

    async def join(self) -> None:
        """Somebody of whom nothing else is known."""
        at = self.chance.choice([None, self.instant()])
        async with self.database.write(self.merchant_id) as tx:
            await members.ensure_members(tx, [{"external": self.key()}], self.now, [at])

    async def profile(self) -> None:
        """Something is learned of a member: from now, since a while, or for all time; their joining may be corrected."""
        member, at = self.chance.choice(await self.living()), self.chance.choice([None, self.instant()])
        birthday = self.chance.choice(BIRTHDAYS)
        change: dict[str, Any] = self.chance.choice([
            {"attributes": {"hobby": self.chance.choice(VALUES)}}, {"attributes": {"gold": self.chance.choice([True, None])}},
            {"birthday": date.fromisoformat(birthday) if birthday else None}, {"joined_at": self.instant()},
        ])  # fmt: skip
        async with self.database.write(self.merchant_id) as tx:
            await members.write_profiles(tx, [(member, change)], at)
            if self.chance.random() < 0.3:
                await members.set_consents(tx, [(member, "sms", self.chance.random() < 0.5)], self.now, "console")

    async def give_up(self) -> None:
        """An attribute is deleted where no rule asks for it; else that is refused with the users."""
        async with self.database.write(self.merchant_id) as tx:
            found = await members.attributes(tx)
            known = [one.name for one in found if one.name in ("hobby", "gold")]
            if not known:
                return
            name = self.chance.choice(known)
            if next(one for one in found if one.name == name).used_by:
                with pytest.raises(members.AttributeInUse):
                    await members.delete_attribute(tx, name, by="小美", at=self.now)
                return
            await members.delete_attribute(tx, name, by="小美", at=self.now)
        await member_jobs.take_attributes_off(self.database, self.merchant_id)

    async def tag(self) -> None:
        """A tag is put on, for good or for a while, or taken off."""
        member, tag_id = self.chance.choice(await self.living()), self.chance.choice(self.tags)
        until = self.chance.choice([None, self.now + timedelta(hours=5), self.now + timedelta(days=3)])
        off = self.chance.random() < 0.3
        async with self.database.write(self.merchant_id) as tx:
            await tags.change(
                tx, tags.Cause(verb="tag", source="console", by="小美"), self.now,
                puts=[] if off else [tags.Put(member, tag_id, until)], takes=[(member, tag_id)] if off else [],
            )  # fmt: skip

    async def points(self) -> None:
        """Points come, some later, some for a while, or are spent."""
        member, amount = self.chance.choice(await self.living()), self.chance.choice([1, 30, 100])
        ends = self.chance.choice([None, timedelta(hours=7), timedelta(days=2), timedelta(days=30)])
        begins = self.chance.choice([None, None, timedelta(hours=3), timedelta(days=1)])
        spent = self.chance.random() < 0.4
        posting = points.Posting(
            member_id=member, points=-amount if spent else amount, type="redeem" if spent else "bonus", key=self.key(),
            why={"kind": "adjust", "reason": "补偿"}, occurred_at=self.now,
            expires_at=self.now + (begins or timedelta(0)) + ends if ends and not spent else None,
            active_from=self.now + begins if begins and not spent else None,
        )  # fmt: skip
        async with self.database.write(self.merchant_id) as tx:
            await points.post(tx, [posting])

    async def react(self) -> None:
        """Everybody upstairs hears what was announced; what ran out is booked; tags that ended come off."""
        with clock.at(self.now):
            await Relay(self.database, wiring.READERS).drain(self.merchant_id)
            await points.sweep_merchant(self.database, self.merchant_id, self.now)
            await tag_jobs.keep_tags(self.database, self.merchant_id)

    async def merge(self) -> None:
        """Two who live become one."""
        living = await self.living()
        if len(living) < 4:
            return
        old, heir = self.chance.sample(living, 2)
        async with self.database.write(self.merchant_id) as tx:
            merge_id = await members.merge(tx, old, heir, by="小美", at=self.now)
        self.merges.append((merge_id, old, heir))
        self.give(old, heir)

    def give(self, old: int, heir: int) -> None:
        """What the old member did is the heir's, in our books."""
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

    async def drawn(self) -> dict[str, Any]:
        """What happened, in the words of the worlds of the grammar's own test."""
        async with self.database.read(self.merchant_id) as tx:
            rows = await tx.rows(
                "select member_id, joined_at from member where merchant_id = %(merchant_id)s and merged_into is null"
            )
            told = await tx.rows(
                "select kind, payload from outbox where merchant_id = %(merchant_id)s and kind = any(%(kinds)s) order by seq",
                kinds=["member_changed", "consent_changed", "attribute_deleted"],
            )
        return {
            "members": {row.member_id: row.joined_at for row in rows}, "orders": self.orders, "behaviour": self.behaviour,
            "attributes": [fact for row in told for fact in _facts(row.kind, row.payload)],
            "zone": self.zone, "day_start": self.day_start, "as_of": self.now,
        }  # fmt: skip


def _facts(kind: str, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What is known of members from an announcement: member, name, since when, value."""
    at = mirror.instant(told.get("at"))
    if kind == "consent_changed":
        return [(told["member_id"], f"consent.{told['channel']}", at, told["given"])]
    if kind == "attribute_deleted":
        return [(member, told["name"], at, None) for member in told["member_ids"]]
    return [(told["member_id"], name, at, value) for name, value in told["attributes"].items() if name != "joined_at"]
