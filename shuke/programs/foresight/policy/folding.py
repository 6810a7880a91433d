"""Folds past orders and events through rules as the live path would have, and counts; everything it knows can be written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground.ingestion import Behaviour
from shuke.programs import earning, tiers

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from shuke.ground.orders import Before, PastOrder

MOST_FAVOURED = 10
Place = tuple[int, int, int, int]
"""Where something stands in time: its instant in µs; an event (0, announcement, place in it) or an order (1, its number, 0)."""


@dataclass(slots=True)
class Buyer:
    """What the fold keeps of one member: orders so far, the net payment of the latest month, points then and now, and what
    they did that waits for an order."""

    orders: int = 0
    month: str = ""
    month_fen: int = 0
    issued: int = 0
    would: int = 0
    marks: list[earning.Mark] = field(default_factory=list)


@dataclass(slots=True)
class Folded:
    """All that a backtest has counted: by day, by rule, by member, and the counters of caps and budgets."""

    done: int = 0
    orders: int = 0
    events: int = 0
    place: Place | None = None
    days: dict[str, list[int]] = field(default_factory=dict)
    """Per business date: points issued, points that would have been, orders, events."""
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
    since: date

    @property
    def needs(self) -> frozenset[str]:
        """What the rules ask of members beyond what the fold counts itself."""
        return frozenset[str]().union(*(rule.needs for rule in self.rules)) - {"orders", "marks"}

    def events(self, trigger: str) -> frozenset[str]:
        """The events that rules answer (trigger `event`), or wait for before an order (trigger `order`)."""
        return frozenset[str]().union(*(rule.events for rule in self.rules if rule.trigger == trigger))


@dataclass(frozen=True, slots=True)
class Batch:
    """Some things that happened, in order of time, what each was issued if it is an event, and the level each was done at."""

    things: Sequence[PastOrder | Behaviour]
    issued: Sequence[int]
    levels: Sequence[int | None]
    end: Place


def welcome(folded: Folded, arriving: Sequence[int], before: Mapping[int, Before], month: str) -> None:
    """Begin to keep these members, with what they had bought before the period."""
    for member_id in arriving:
        bought = before.get(member_id)
        folded.buyers[member_id] = Buyer(bought.orders, month, bought.month_fen) if bought else Buyer()


def fold(folded: Folded, setting: Setting, batch: Batch, known: Mapping[int, earning.Known]) -> None:
    """Judge what happened in order of time and count what it would have earned; the same policy as the live path."""
    rungs = {rung.level: rung for rung in setting.levels}
    earning_events, awaited = setting.events("event"), setting.events("order")
    for thing, issued, level in zip(batch.things, batch.issued, batch.levels, strict=True):
        buyer = folded.buyers[thing.member_id]
        person = known.get(thing.member_id) or earning.Known()
        rung = rungs.get(level or 0, setting.levels[0])
        if isinstance(thing, Behaviour):
            if thing.event in awaited:
                _wait(buyer, thing)
            if thing.event not in earning_events or thing.day < setting.since:
                continue
            basis, day = _event_basis(setting, thing, rung), thing.day
        else:
            basis, day = _order_basis(setting, thing, rung), thing.business_date
        month = f"{day.year}-{day.month:02d}"
        if buyer.month != month:
            buyer.month, buyer.month_fen = month, 0
        person.orders, person.months, person.marks = buyer.orders, {month: buyer.month_fen}, buyer.marks
        basis.known = person
        awards = earning.evaluate(
            setting.rules, earning.EFFECTS, basis, member_id=thing.member_id, counters=folded.counters,
            multiplier_policy=setting.multiplying,
        )  # fmt: skip
        for award in awards:
            if award.uses is not None:
                award.uses.used = True
        _count(folded, buyer, thing, issued, awards)
    folded.done += len(batch.things)
    folded.place = batch.end


def _wait(buyer: Buyer, event: Behaviour) -> None:
    """What waits for an order: the latest of each content; content that an order has used stays used."""
    mark = earning.mark_of(event.event, event.properties, event.event_id, event.occurred_at)
    if mark is None:
        return
    for one in buyer.marks:
        if (one.event, one.ref) == (mark.event, mark.ref):
            one.at, one.skus = mark.at, mark.skus
            return
    buyer.marks.append(mark)


def _event_basis(setting: Setting, event: Behaviour, rung: tiers.Level) -> earning.Basis:
    return earning.Basis(
        occurred_at=event.occurred_at, store=event.store, channel=event.channel, event=event.event,
        properties=event.properties, trigger="event", tier_level=rung.level, tier_name=rung.name, zone=setting.zone,
        day=event.day,
    )  # fmt: skip


def _order_basis(setting: Setting, order: PastOrder, rung: tiers.Level) -> earning.Basis:
    return earning.Basis(
        occurred_at=order.occurred_at, amount_fen=order.amount_fen, lines=_lines(order.lines),
        store=setting.stores.get(order.store_id or 0, ""), channel=order.channel, tier_level=rung.level,
        tier_name=rung.name, multiplier_percent=rung.multiplier_percent,
        payments=[one.get("method", "") for one in order.payments], zone=setting.zone, day=order.business_date,
        shares=False,
    )  # fmt: skip


def _lines(lines: Sequence[Mapping[str, Any]]) -> list[earning.Line]:
    return [
        earning.Line(
            line["sku"], line.get("quantity", 1), line["amount_fen"], line.get("category") or "", line.get("brand") or ""
        )
        for line in lines
    ]  # fmt: skip


def _count(
    folded: Folded, buyer: Buyer, thing: PastOrder | Behaviour, issued: int, awards: Sequence[earning.Award]
) -> None:
    would = 0
    for award in awards:
        would += award.points
        rule = folded.rules.setdefault(award.rule.rule_id, [0, 0])
        rule[0] += award.points
        rule[1] += 1
    if isinstance(thing, Behaviour):
        day, place = thing.day, 3
        folded.events += 1
    else:
        day, place = thing.business_date, 2
        folded.orders += 1
        buyer.month_fen += thing.amount_fen - thing.refunded_fen
        buyer.orders += thing.amount_fen == 0 or thing.refunded_fen < thing.amount_fen
    counted = folded.days.setdefault(day.isoformat(), [0, 0, 0, 0])
    counted[0] += issued
    counted[1] += would
    counted[place] += 1
    buyer.issued += issued
    buyer.would += would


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
        [who, one.orders, one.month, one.month_fen, one.issued, one.would,
         [[mark.event, mark.ref, mark.at, mark.skus, mark.used] for mark in one.marks]]
        for who, one in folded.buyers.items()
    ]  # fmt: skip
    counts = (folded.done, folded.orders, folded.events)
    return _PACKED.encode([counts, folded.place, folded.days, list(folded.rules.items()), buyers, counters])


_Mark = tuple[str, str, datetime, tuple[str, ...], bool]


class _Written(msgspec.Struct, array_like=True):
    counts: tuple[int, int, int]
    place: Place | None
    days: dict[str, list[int]]
    rules: list[tuple[int, list[int]]]
    buyers: list[tuple[int, int, str, int, int, int, list[_Mark]]]
    counters: list[tuple[int, int, str, int, int]]


def read_back(kept: bytes) -> Folded:
    """What `written` wrote."""
    found = msgspec.msgpack.decode(kept, type=_Written)
    added = {(rule, member, name): (points, times) for rule, member, name, points, times in found.counters}
    buyers = {one[0]: Buyer(*one[1:6], marks=[earning.Mark(*mark) for mark in one[6]]) for one in found.buyers}
    return Folded(
        *found.counts, found.place, found.days, dict(found.rules), buyers, earning.Counters(added=added)
    )  # fmt: skip


def months_before(since: date) -> str:
    """The month that a period begins in, as payments are counted by it."""
    return f"{since.year}-{since.month:02d}"
