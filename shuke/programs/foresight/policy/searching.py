"""The most that one order of an amount can earn: searches the points at which conditions change, with the real policy.

What an order can be is taken apart: its moment with the birthday, the tier, the member's orders, their time since joining,
segments, channel, store, payment, the month so far, and the goods. Of each part only what the rules tell apart is kept (which
rules it lets through, and the figures it changes); parts are joined one by one, and what is the same to the rules is kept once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import combinations
from math import lcm
from typing import Any

from shuke.programs import earning
from shuke.programs.foresight.policy import goods
from shuke.programs.foresight.policy.world import HORIZON_DAYS, Situation, World

MOST_STATES = 20_000
MOST_ORDERS = 5_000
MOST_SUBSETS = 6
MOMENT = frozenset("weekday day_of_month dates festival time_of_day birthday".split())

Key = tuple[int, tuple[Any, ...]]
"""Which rules are let through, as bits, and the figures that the choices change."""
Choice = tuple[Situation, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Worst:
    """The situation that earns most, what it earns by which rules, and whether nothing else could earn more."""

    situation: Situation
    awards: list[earning.Award]
    points: int
    exact: bool
    looked_at: int


def worst(world: World, amount_fen: int) -> Worst:
    """The most that one order of that amount can earn within a year from today; ties: the earlier day, the plainer order."""
    found, exact = situations(world, amount_fen)
    best: tuple[int, Situation] | None = None
    for situation in found:
        points = situation.points(world)
        if best is None or points > best[0]:
            best = (points, situation)
    assert best is not None
    return Worst(best[1], best[1].awards(world), best[0], exact, len(found))


def situations(world: World, amount_fen: int) -> tuple[list[Situation], bool]:
    """All orders of that amount that the rules could tell apart and that may earn most, and whether none is missing."""
    search = _Search(world, amount_fen)
    states: dict[Key, Situation] = {(search.everything, ()): search.plain}
    exact = True
    for choices, codes in search.parts():
        joined: dict[Key, Situation] = {}
        options = search.told_apart(choices, codes)
        for (mask, figures), so_far in states.items():
            for (lets, more), change in options:
                joined.setdefault((mask & lets, figures + more), change(so_far))
        states = joined if search.curious else _best_only(joined)
        if len(states) > MOST_STATES:
            states, exact = dict(list(states.items())[:MOST_STATES]), False
    return list(states.values()), exact and search.exact


def _best_only(states: dict[Key, Situation]) -> dict[Key, Situation]:
    """Without states that let through fewer rules than another with the same figures: where all awards add up, more rules
    never give less."""
    by_figures: dict[tuple[Any, ...], list[int]] = {}
    for mask, figures in sorted(states, key=lambda key: -key[0].bit_count()):
        kept = by_figures.setdefault(figures, [])
        if not any(mask & other == mask for other in kept):
            kept.append(mask)
    return {key: state for key, state in states.items() if key[0] in by_figures[key[1]]}


Change = Callable[[Situation], Situation]


class _Search:
    """The rules of one search, and the ways in which each part of an order can be."""

    def __init__(self, world: World, amount_fen: int) -> None:
        self.world, self.amount_fen, self.exact = world, amount_fen, True
        last = world.now + timedelta(days=HORIZON_DAYS + 2)
        self.rules = [
            rule for rule in world.rules
            if rule.trigger == "order" and (rule.live_to is None or rule.live_to > world.now)
            and (rule.live_from is None or rule.live_from < last)
            and all(kind.code != "amount" or self._of_amount(kind, params) for kind, params in rule.conditions)
        ]  # fmt: skip
        self.everything = (1 << len(self.rules)) - 1
        self.curious = any(rule.terms.group and rule.terms.stacking != "sum" for rule in self.rules)
        self.plain = Situation(at=world.now, amount_fen=amount_fen, level=world.levels[0])

    def _of_amount(self, kind: Any, params: Any) -> bool:
        return bool(kind.holds(params, earning.Basis(occurred_at=self.world.now, amount_fen=self.amount_fen)))

    def parts(self) -> Iterator[tuple[Iterable[Choice], frozenset[str]]]:
        """The parts of an order in turn: how each can be, and the conditions that look at it. A choice is a situation that
        differs from the plain one in this part alone, with the figures that it changes."""
        yield ((replace(self.plain, orders=n), ()) for n in self._orders()), frozenset({"nth_order", "first_order"})
        yield ((replace(self.plain, age_days=age), ()) for age in self._ages()), frozenset({"member_age"})
        named = self._named("segment", "segments")
        yield (
            ((replace(self.plain, segments=frozenset(some)), ()) for some in self._subsets(named)),
            frozenset({"segment"}),
        )
        channels = ["", *self._named("channel", "channels"), *self._fixed("channels")]
        yield ((replace(self.plain, channel=one), ()) for one in dict.fromkeys(channels)), frozenset({"channel"})
        stores = ["", *self._named("store", "stores"), *self._fixed("stores")]
        yield ((replace(self.plain, store=one), ()) for one in dict.fromkeys(stores)), frozenset({"store"})
        methods = self._named("payment", "methods")
        yield (
            ((replace(self.plain, payments=tuple(some)), ()) for some in self._subsets(methods)),
            frozenset({"payment"}),
        )
        yield self._months(), frozenset()
        watched = tuple(sorted({event for rule in self.rules if "marks" in rule.needs for event in rule.events}))
        yield ((replace(self.plain, watched=some), ()) for some in ((), watched)), frozenset({"event_then_order"})
        yield (
            ((replace(self.plain, level=one), (one.multiplier_percent,)) for one in self.world.levels),
            frozenset({"tier"}),
        )
        yield self._baskets(), frozenset({"product"})
        yield self._moments(), MOMENT

    def told_apart(self, choices: Iterable[Choice], codes: frozenset[str]) -> list[tuple[Key, Change]]:
        """Of all ways that a part can be, one for each that the rules tell apart."""
        found: dict[Key, Change] = {}
        for situation, figures in choices:
            key = (self._lets(situation, codes), figures)
            if key not in found:
                found[key] = _changing({name: getattr(situation, name) for name in _differing(self.plain, situation)})
        if self.curious:
            return list(found.items())
        most: dict[tuple[Any, ...], list[int]] = {}
        for mask, figures in sorted(found, key=lambda key: -key[0].bit_count()):
            kept = most.setdefault(figures, [])
            if not any(mask & other == mask for other in kept):
                kept.append(mask)
        return [(key, change) for key, change in found.items() if key[0] in most[key[1]]]

    def _lets(self, situation: Situation, codes: frozenset[str]) -> int:
        basis, mask = situation.basis(self.world), 0
        for bit, rule in enumerate(self.rules):
            if codes is MOMENT and not rule.holds_at(basis.occurred_at):
                continue
            if all(kind.code not in codes or kind.holds(params, basis) for kind, params in rule.conditions) and (
                self._gives(rule, situation, basis, codes)
            ):
                mask |= 1 << bit
        return mask

    def _gives(self, rule: earning.LiveRule, situation: Situation, basis: earning.Basis, codes: frozenset[str]) -> bool:
        """Whether the kind itself gives, where it looks at this part of the order."""
        params = rule.params
        if rule.kind == "order_bonus" and codes in ({"channel"}, {"store"}):
            wanted = params.channels if "channel" in codes else params.stores
            return not wanted or (basis.channel if "channel" in codes else basis.store) in wanted
        if rule.kind in ("first_order", "nth_order") and "first_order" in codes:
            return earning.EFFECTS[rule.kind].award(rule, basis) is not None
        if rule.kind == "event_then_order" and "event_then_order" in codes:
            return not rule.events.isdisjoint(situation.watched)
        return True

    def _conditions(self, code: str) -> list[Any]:
        return [params for rule in self.rules for kind, params in rule.conditions if kind.code == code]

    def _named(self, code: str, field: str) -> list[str]:
        return list(dict.fromkeys(one for params in self._conditions(code) for one in getattr(params, field)))

    def _fixed(self, field: str) -> list[str]:
        return [one for rule in self.rules if rule.kind == "order_bonus" for one in getattr(rule.params, field)]

    def _subsets(self, named: Sequence[str]) -> Iterator[Sequence[str]]:
        if len(named) > MOST_SUBSETS:
            self.exact = False
            yield from ((), named, *((one,) for one in named), *(tuple(n for n in named if n != one) for one in named))
            return
        for size in range(len(named) + 1):
            yield from combinations(named, size)

    def _orders(self) -> Iterable[int]:
        """How many orders the member had: up to the last number a rule names, and once round all that come again."""
        numbers = [params.last or params.first for params in self._conditions("nth_order")]
        numbers += [params.first for params in self._conditions("nth_order")]
        numbers += [rule.params.number for rule in self.rules if rule.kind == "nth_order"]
        again = lcm(*(rule.params.number for rule in self.rules if rule.kind == "nth_order" and rule.params.every))
        last = max(numbers, default=0) + again
        if last > MOST_ORDERS:
            self.exact = False
        return range(min(last, MOST_ORDERS) + 1)

    def _ages(self) -> list[int | None]:
        wanted = self._conditions("member_age")
        edges = {0, *(params.least_days for params in wanted), *(params.below_days or 0 for params in wanted)}
        return [None, *sorted(edges)] if wanted else [None]

    def _months(self) -> Iterator[Choice]:
        """What the member had paid this month before: where a step of a monthly ladder comes into reach, or is passed."""
        ladders = [rule.worked_out for rule in self.rules if rule.monthly]
        edges = {0} | {max(step - self.amount_fen, 0) for steps in ladders for step, _ in steps}
        edges |= {step for steps in ladders for step, _ in steps}
        for before in sorted(edges):
            situation = replace(self.plain, month_fen=before)
            basis = situation.basis(self.world)
            awards = (earning.EFFECTS[rule.kind].award(rule, basis) for rule in self.rules if rule.monthly)
            yield situation, tuple(award.points if award else 0 for award in awards)

    def _baskets(self) -> Iterator[Choice]:
        made = goods.baskets(self.world, self.rules, self.amount_fen)
        self.exact = self.exact and made.exact
        bonuses = [rule for rule in self.rules if rule.kind == "product_bonus"]
        choices: dict[tuple[Any, ...], Situation] = {}
        for lines in made.found:
            situation = replace(self.plain, lines=lines)
            basis = situation.basis(self.world)
            awards = (earning.EFFECTS[rule.kind].award(rule, basis) for rule in bonuses)
            figures = tuple(award.points if award else 0 for award in awards)
            holding = self._lets(situation, frozenset({"product"}))
            choices.setdefault((holding, figures), situation)
        for (_, found), situation in choices.items():
            yield situation, found

    def _moments(self) -> Iterator[Choice]:
        """Every day of the next year at each time that a rule names, with each birthday that a rule tells apart."""
        world, zone = self.world, self.world.zone
        hours = {begin for params in self._conditions("time_of_day") for begin in (params.begins, params.ends)}
        begins = time(*divmod(world.day_start_minutes, 60))
        clocks = [time(12), begins, *(time.fromisoformat(hour) for hour in sorted(hours))]
        around = [edge for rule in self.rules for edge in (rule.live_from, rule.live_to) if edge is not None]
        birthdays = bool(self._conditions("birthday"))
        instants = [
            datetime.combine(world.today + timedelta(days=ahead), at, zone)
            for ahead in range(HORIZON_DAYS)
            for at in clocks
        ]
        last = instants[-1]
        for at in [world.now, *instants, *(edge.astimezone(zone) for edge in sorted(around))]:
            if not world.now <= at <= last:
                continue
            for born in _birthdays(world.business_date(at)) if birthdays else (None,):
                yield replace(self.plain, at=at, birthday=born), ()


def _birthdays(day: date) -> Iterator[date | None]:
    """No birthday, then every other way in which one can lie to a day: on it, in its week or month or both."""
    yield None
    monday = day - timedelta(days=day.weekday())
    week = [monday + timedelta(days=ahead) for ahead in range(7)]
    outside = next(one for one in (day.replace(day=1), day.replace(day=15)) if one not in week)
    yield from (born.replace(year=1992) for born in (day, outside, *week))


def _differing(plain: Situation, other: Situation) -> list[str]:
    return [name for name in Situation.__slots__ if getattr(plain, name) != getattr(other, name)]


def _changing(changes: dict[str, Any]) -> Change:
    return (lambda so_far: replace(so_far, **changes)) if changes else (lambda so_far: so_far)
