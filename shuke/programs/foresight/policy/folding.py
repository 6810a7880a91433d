"""Folds past orders through rules as the live path would have, and counts; everything it knows can be written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.programs import earning, tiers

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from shuke.ground.orders import Before, PastOrder

MOST_FAVOURED = 10


@dataclass(slots=True)
class Buyer:
    """What the fold keeps of one member: orders so far, the net payment of the latest month, points then and now."""

    orders: int = 0
    month: str = ""
    month_fen: int = 0
    issued: int = 0
    would: int = 0


@dataclass(slots=True)
class Folded:
    """All that a backtest has counted: by day, by rule, by member, and the counters of caps and budgets."""

    done: int = 0
    place: tuple[datetime, int] | None = None
    days: dict[str, list[int]] = field(default_factory=dict)
    """Per business date: points issued, points that would have been, orders."""
    rules: dict[int, list[int]] = field(default_factory=dict)
    """Per rule: points, times."""
    buyers: dict[int, Buyer] = field(default_factory=dict)
    counters: earning.Counters = field(default_factory=earning.Counters)


@dataclass(frozen=True, slots=True)
class Setting:
    """What does not change during a backtest."""

    rules: earning.RuleSet
    levels: Sequence[tiers.Level]
    stores: Mapping[int, str]
    multiplying: earning.Multiplying
    zone: ZoneInfo

    @property
    def needs(self) -> frozenset[str]:
        """What the rules ask of members beyond what the fold counts itself."""
        return frozenset[str]().union(*(rule.needs for rule in self.rules)) - {"orders", "marks"}


def welcome(folded: Folded, arriving: Sequence[int], before: Mapping[int, Before], month: str) -> None:
    """Begin to keep these members, with what they had bought before the period."""
    for member_id in arriving:
        bought = before.get(member_id)
        folded.buyers[member_id] = Buyer(bought.orders, month, bought.month_fen) if bought else Buyer()


def fold(
    folded: Folded, setting: Setting, orders: Sequence[PastOrder], levels: Sequence[int | None],
    known: Mapping[int, earning.Known],
) -> None:  # fmt: skip
    """Judge orders in order of time and count what they would have earned; the same policy as the live path."""
    rungs = {rung.level: rung for rung in setting.levels}
    for order, level in zip(orders, levels, strict=True):
        buyer = folded.buyers[order.member_id]
        month = f"{order.business_date.year}-{order.business_date.month:02d}"
        if buyer.month != month:
            buyer.month, buyer.month_fen = month, 0
        person = known.get(order.member_id) or earning.Known()
        person.orders, person.months = buyer.orders, {month: buyer.month_fen}
        rung = rungs.get(level or 0, setting.levels[0])
        basis = earning.Basis(
            occurred_at=order.occurred_at, amount_fen=order.amount_fen, lines=_lines(order.lines),
            store=setting.stores.get(order.store_id or 0, ""), channel=order.channel, tier_level=rung.level,
            tier_name=rung.name, multiplier_percent=rung.multiplier_percent,
            payments=[one.get("method", "") for one in order.payments], known=person, zone=setting.zone,
            day=order.business_date,
        )  # fmt: skip
        awards = earning.evaluate(
            setting.rules, earning.EFFECTS, basis, member_id=order.member_id, counters=folded.counters,
            multiplier_policy=setting.multiplying,
        )  # fmt: skip
        _count(folded, buyer, order, awards)
    if orders:
        folded.done += len(orders)
        folded.place = (orders[-1].occurred_at, orders[-1].order_id)


def _lines(lines: Sequence[Mapping[str, Any]]) -> list[earning.Line]:
    return [
        earning.Line(
            line["sku"], line.get("quantity", 1), line["amount_fen"], line.get("category") or "", line.get("brand") or ""
        )
        for line in lines
    ]  # fmt: skip


def _count(folded: Folded, buyer: Buyer, order: PastOrder, awards: Sequence[earning.Award]) -> None:
    would = 0
    for award in awards:
        would += award.points
        rule = folded.rules.setdefault(award.rule.rule_id, [0, 0])
        rule[0] += award.points
        rule[1] += 1
    day = folded.days.setdefault(order.business_date.isoformat(), [0, 0, 0])
    day[0] += order.points_earned
    day[1] += would
    day[2] += 1
    buyer.issued += order.points_earned
    buyer.would += would
    buyer.month_fen += order.amount_fen - order.refunded_fen
    buyer.orders += order.amount_fen == 0 or order.refunded_fen < order.amount_fen


def favoured(folded: Folded) -> list[tuple[int, Buyer]]:
    """The ten members whom the rules favour most against what they really got; ties: who would get more, then the older."""
    ranked = sorted(
        folded.buyers.items(), key=lambda one: (one[1].issued - one[1].would, -one[1].would, one[0])
    )  # fmt: skip
    return ranked[:MOST_FAVOURED]


_PACKED = msgspec.msgpack.Encoder()


def written(folded: Folded) -> bytes:
    """Everything counted so far, to go on from after a crash."""
    counters = [[*key, *given] for key, given in folded.counters.added.items()]
    buyers = [
        [one, each.orders, each.month, each.month_fen, each.issued, each.would] for one, each in folded.buyers.items()
    ]
    return _PACKED.encode([folded.done, folded.place, folded.days, list(folded.rules.items()), buyers, counters])


def read_back(kept: bytes) -> Folded:
    """What `written` wrote."""
    shape = tuple[
        int, tuple[datetime, int] | None, dict[str, list[int]], list[tuple[int, list[int]]],
        list[tuple[int, int, str, int, int, int]], list[tuple[int, int, str, int, int]],
    ]  # fmt: skip
    done, place, days, rules, buyers, counters = msgspec.msgpack.decode(kept, type=shape)
    added = {(rule, member, name): (points, times) for rule, member, name, points, times in counters}
    return Folded(
        done, place, days, dict(rules), {one[0]: Buyer(*one[1:]) for one in buyers}, earning.Counters(added=added)
    )  # fmt: skip


def months_before(since: date) -> str:
    """The month that a period begins in, as payments are counted by it."""
    return f"{since.year}-{since.month:02d}"
