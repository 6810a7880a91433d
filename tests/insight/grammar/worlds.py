"""Facts drawn at random, as the mirror's tables hold them and as the plain Python reference sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from shuke.ground import mirror
from shuke.ground.mirror.engines.arrow import arrow_table
from shuke.ground.mirror.policy.registry import ATTRIBUTES, EVENTS, MEMBERS
from shuke.ground.orders import facts
from shuke.insight.grammar.policy.world import Deed, World


class Loader:
    """Facts written into the mirror's tables as the rooms' own functions encode them, and into a World."""

    def __init__(self, merchant: int, drawn: dict[str, Any]) -> None:
        self.merchant = merchant
        self.moment = mirror.Moment(merchant, drawn["as_of"], drawn["zone"], drawn["day_start"])
        self.world = World(members=dict(drawn["members"]))
        self.tables: list[tuple[mirror.Table, pa.Table]] = []
        self.seq = 1000
        self._members(drawn["members"])
        self._behaviour(drawn)
        self._orders(drawn["orders"])
        self._attributes(drawn["attributes"])

    def _add(self, table: mirror.Table, columns: Any) -> None:
        if columns["member"]:
            self.tables.append((table, arrow_table(table, self.merchant, columns)))

    def _members(self, members: dict[int, datetime | None]) -> None:
        numbers = list(members)
        self._add(MEMBERS, {
            "member": numbers, "seq": numbers, "idx": [0] * len(numbers), "gone": [0] * len(numbers),
            "joined_at": [members[n] or mirror.ALWAYS for n in numbers],
        })  # fmt: skip
        for member, joined_at in members.items():
            if joined_at:
                self.world.attributes.append((member, "joined_at", None, member, joined_at))

    def _behaviour(self, drawn: dict[str, Any]) -> None:
        made = mirror.EventRows(drawn["zone"], drawn["day_start"])
        for kind, member, at, properties, channel in drawn["behaviour"]:
            self.seq += 2
            made.add(kind, member, at, (self.seq, 0), properties, channel=channel)
            shared = {
                "channel": channel,
                "store": "",
                "weekday": made.columns["weekday"][-1],
                "hour": made.columns["hour"][-1],
            }
            self._deed(kind, member, at, self.seq, 0, [(at, {**properties, **shared})])
        for order in drawn["orders"]:
            told = order.get("told") or [order["member"]] * len(order["refunds"])
            for member, refund in zip(told, order["refunds"], strict=True):
                self.seq += 2
                made.add(
                    "refund",
                    member,
                    refund.at,
                    (self.seq, 0),
                    {"amount_fen": refund.amount_fen},
                    channel=order["channel"],
                )
                properties = {"amount_fen": refund.amount_fen, "channel": order["channel"]}
                self._deed("refund", member, refund.at, self.seq, 0, [(refund.at, properties)])
        self._add(EVENTS, made.columns)

    def _deed(self, event: str, member: int, at: datetime, seq: int, idx: int, versions: Any) -> None:
        self.world.deeds.append(Deed(event, member, at, self.moment.date_of(at), seq, idx, tuple(versions)))

    def _orders(self, listed: list[dict[str, Any]]) -> None:
        changes = []
        for order in listed:
            self.seq += 2
            seq = order.get("seq", self.seq)
            at = order["at"].astimezone(mirror.policy.moment.ZoneInfo(self.moment.zone))
            shared = {
                "channel": order["channel"], "store": order["store"], "coupon": order["coupon"],
                "weekday": at.isoweekday(), "hour": at.hour, "day": self.moment.date_of(order["at"]),
            }  # fmt: skip
            own = {
                "order_key": str(order["order_id"]), "list_fen": order["amount"] + order["discount"],
                "discount_fen": order["discount"], "items": sum(line["quantity"] for line in order["lines"]),
            }  # fmt: skip
            placed = facts.Placed(
                order["order_id"],
                order["member"],
                order["at"],
                order["amount"],
                order["lines"],
                shared,
                own,
                mirror.News(seq, order["at"], "orders_recorded", {}).place(0),
            )
            known: list[facts.Returned] = []
            changes.append((order["order_id"], placed, facts.change([], facts.versions(placed, known))))
            for refund in order["refunds"]:
                before = facts.versions(placed, known)
                known = [*known, refund]
                changes.append((order["order_id"], placed, facts.change(before, facts.versions(placed, known))))
            self._order_deeds(order, seq, shared | own | {"order_id": own["order_key"]})
        self._add(facts.ORDERS, facts.order_rows(changes))
        self._add(facts.LINES, facts.line_rows(changes))

    def _order_deeds(self, order: dict[str, Any], seq: int, shared: dict[str, Any]) -> None:
        """Net of refunds, reckoned anew for each instant."""
        instants_ = sorted({order["at"], *(max(order["at"], refund.at) for refund in order["refunds"])})
        heads: list[Any] = []
        lines: list[list[Any]] = [[] for _ in order["lines"]]
        for instant in instants_:
            counted_ = [refund for refund in order["refunds"] if max(order["at"], refund.at) <= instant]
            net = order["amount"] - sum(refund.amount_fen for refund in counted_)
            gone = bool(counted_) and net <= 0
            heads.append((instant, None if gone else shared | {"amount_fen": net}))
            for n, state in enumerate(_net_lines(order, counted_)):
                alive = not gone and state is not None
                own = {k: v for k, v in order["lines"][n].items() if k in ("sku", "category")}
                shown = (
                    shared | own | {"quantity": state[0], "amount_fen": state[1], "discount_fen": 0} if alive else None
                )
                lines[n].append((instant, shown))
        self._deed("order", order["member"], order["at"], seq, 0, heads)
        for n, versions in enumerate(lines):
            self._deed("order_line", order["member"], order["at"], seq, n, versions)

    def _attributes(self, listed: Any) -> None:
        made = mirror.AttributeRows()
        for member, name, at, value in listed:
            self.seq += 1
            made.add(name, member, at, (self.seq, 0), value)
            self.world.attributes.append((member, name, at, self.seq, value))
        self._add(ATTRIBUTES, made.columns)


def _net_lines(order: dict[str, Any], refunds: list[facts.Returned]) -> list[tuple[int, int] | None]:
    state: list[tuple[int, int] | None] = [(line["quantity"], line["amount_fen"]) for line in order["lines"]]
    for refund in sorted(refunds, key=lambda refund: (refund.at, refund.refund_id)):
        state = facts._returned(state, order["lines"], refund)
    return state


def merge(world: World, old: int, heir: int) -> None:
    """What the old member did is the heir's, who has been a member since the earlier day of the two."""
    joined = [at for at in (world.members.pop(old), world.members[heir]) if at]
    world.members[heir] = min(joined, default=None)
    world.deeds = [replace(deed, member=heir) if deed.member == old else deed for deed in world.deeds]


def first_flags(world: World, moment: mirror.Moment) -> None:
    """`first` is decided as of the moment: the earliest order that still stands."""
    first = {member: events[0].seq for member, events in world.happenings("order", moment).items()}
    world.deeds = [
        Deed(d.event, d.member, d.at, d.day, d.seq, d.idx, tuple(
            (at, None if properties is None else {**properties, "first": first.get(d.member) == d.seq})
            for at, properties in d.versions
        ))
        if d.event in ("order", "order_line") else d
        for d in world.deeds
    ]  # fmt: skip
