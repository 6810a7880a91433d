"""The days after the invented year: the same people go on living, each day's chance drawn from the seed and the day.

A day is the same however often and from wherever one gets to it, so that feeding it twice is one and the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from shuke.doors.demo import behaviour, calendar, people, purchases, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shuke.doors.demo.behaviour import Deed
    from shuke.doors.demo.people import Member
    from shuke.doors.demo.purchases import Order, Refund

_LONGEST_ECHO = 60  # days; the gamma of reviews and refunds has next to nothing beyond


@dataclass(frozen=True, slots=True)
class Day:
    """What becomes known on one day, each list in the order of time."""

    date: date
    joined: list[Member]
    orders: list[Order]
    refunds: list[Refund]
    deeds: list[Deed]


class Later:
    """Everybody of a world, day after day from the first one behind its year until `until`."""

    def __init__(self, made: world.World, until: date, seed: int = world.SEED) -> None:
        first = made.year.days[0]
        self.seed = seed
        self.pull = float(made.year.pull.mean())
        self.weight = float((made.year.pull + 0.6 * made.year.bargain).mean())
        self.founders = len(made.members)
        self.year = calendar.year_until(until, (until - first).days + 1)
        self.begins = len(made.year.days)
        self.members = list(made.members)
        self.habits = made.habits
        self.left = made.left.copy()
        self.ends = np.array([ends for _, ends in made.around])
        self.checked_in = np.zeros(len(self.members), bool)
        self.till = purchases.Till(
            np.random.default_rng(seed), self.year, self.members, self.habits, made.till.last_bought.copy()
        )

    def days(self) -> Iterator[Day]:
        """The days in their order; what a day's purchase leads to later is told on its own day."""
        echoes: list[Refund | Deed] = []
        for place in range(self.begins, len(self.year.days)):
            day = self.year.days[place]
            night = datetime.combine(day, time(23, 59, 59), purchases.ZONE)
            joined, orders, refunds, deeds = self._day(place, day)
            echoes += [*refunds, *deeds]
            due = sorted((one for one in echoes if one.at <= night), key=_place)
            echoes = [one for one in echoes if one.at > night]
            yield Day(
                day, joined, orders, [one for one in due if isinstance(one, purchases.Refund)],
                [one for one in due if isinstance(one, behaviour.Deed)],
            )  # fmt: skip

    def rng(self, *what: int) -> np.random.Generator:
        """Chance that depends on the seed and on what it is for, and on nothing drawn before."""
        return np.random.default_rng([self.seed, *what])

    def _day(self, place: int, day: date) -> tuple[list[Member], list[Order], list[Refund], list[Deed]]:
        rng = self.till.rng = self.rng(day.toordinal())
        joined = self._join(rng, place, day)
        coming = self._coming(rng, place)
        for member in joined:
            coming[member.number] += 1
            self.left[member.number] += 1
        visitors = np.repeat(np.arange(len(coming)), np.minimum(coming, self.left)).tolist()
        guests = int(
            rng.poisson(world.GUESTS_A_DAY * self.founders / world.MEMBERS * self.year.pull[place] / self.pull)
        )
        orders = [self.till.order(member, place) for member in [*visitors, *[None] * guests]]
        orders.sort(key=lambda order: (order.at, order.order_id))
        np.subtract.at(self.left, visitors, 1)
        self.ends[visitors] = place + rng.exponential(30, len(visitors)).astype(int) + 3
        until = datetime.combine(day + timedelta(days=_LONGEST_ECHO), time(23, 59, 59), purchases.ZONE)
        refunds = [found for order in orders if (found := purchases.refund_of(rng, order, until)) is not None]
        diary = behaviour.Diary(rng, until, f"{day:%y%m%d}-")
        behaviour.around_orders(diary, orders, self.habits)
        self.checked_in = behaviour.one_day(diary, day, self.habits, self.ends > place, self.checked_in)
        for member in joined:
            if rng.random() < 0.45:
                diary.note(member.number, diary.sometime(day), "follow", channel="wechat", account="芙颜FUYAN")
        return joined, orders, refunds, diary.deeds

    def _coming(self, rng: np.random.Generator, place: int) -> np.ndarray:
        """How often each member visits on a day: the same intensity as within the year, while there are visits left."""
        pull = self.year.pull[place] * (1 + self.habits.thrift * self.year.bargain[place])
        return rng.poisson(np.where(self.left > 0, self.habits.rate * pull / self.pull, 0.0))

    def _join(self, rng: np.random.Generator, place: int, day: date) -> list[Member]:
        """Who joins: four of ten founders joined within their year, more at sales."""
        weight = (self.year.pull[place] + 0.6 * self.year.bargain[place]) / self.weight
        count = int(rng.poisson(0.4 * self.founders / world.DAYS * weight))
        if not count:
            return []
        joined = people.newcomers(rng, calendar.year_until(day, 1), len(self.members), count)
        habits = people.habits(rng, joined)
        self.members += joined
        self.habits = self.till.habits = _joined(self.habits, habits)
        lives = np.array([int(rng.geometric(max(chance, 1e-3))) for chance in habits.dropout.tolist()]) - 1
        self.left = np.concatenate([self.left, lives])
        self.ends = np.concatenate([self.ends, np.full(count, place + 3)])
        self.checked_in = np.concatenate([self.checked_in, np.zeros(count, bool)])
        bought = place - rng.integers(1, 200, (count, self.till.last_bought.shape[1]))
        self.till.last_bought = np.concatenate([self.till.last_bought, bought])
        return joined


def _joined(one: people.Habits, two: people.Habits) -> people.Habits:
    columns: dict[str, Any] = {
        field.name: np.concatenate([getattr(one, field.name), getattr(two, field.name)]) for field in fields(one)
    }
    return replace(one, **columns)


def _place(one: Refund | Deed) -> tuple[datetime, str]:
    return (one.at, one.refund_id if isinstance(one, purchases.Refund) else one.event_id)
