"""One invented year of the demonstration merchant: the same seed and last day always give the same world.

Visits are a Poisson process per member with a gamma-distributed rate and a geometric life; the calendar of the trade
bends it; categories come round in their own cycles; prices matter to some; the dormant are those whose life is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

import numpy as np

from shuke.doors.demo import behaviour, calendar, people, purchases

if TYPE_CHECKING:
    from shuke.doors.demo.behaviour import Deed
    from shuke.doors.demo.people import Habits, Member
    from shuke.doors.demo.purchases import Order, Refund

SEED = 20_260_308
MEMBERS = 5_000
DAYS = 365
GUESTS_A_DAY = 7.0


@dataclass(frozen=True, slots=True)
class World:
    """Everything that happened up to the last day, each list in the order of time.

    For the days after it: `left`, how many visits each member will still make; `around`, the days of the year from and
    until which each looks at what the shop shows.
    """

    year: calendar.Year
    members: list[Member]
    habits: Habits
    orders: list[Order]
    refunds: list[Refund]
    deeds: list[Deed]
    till: purchases.Till
    left: np.ndarray
    around: list[tuple[int, int]]


def build(last_day: date, seed: int = SEED, count: int = MEMBERS) -> World:
    """The world whose last day is `last_day` (at the merchant: yesterday)."""
    rng = np.random.default_rng(seed)
    year = calendar.year_until(last_day, DAYS)
    last = datetime.combine(last_day, time(23, 59, 59), purchases.ZONE)
    members = people.members(rng, year, count)
    habits = people.habits(rng, members)
    till = purchases.Till(rng, year, members, habits, _bought_before(rng, count))
    coming, left = purchases.visits(rng, year, members, habits)
    scaled = GUESTS_A_DAY * count / MEMBERS
    orders = [
        till.order(None if member < 0 else member, place)
        for place, member in sorted(coming + purchases.guests(rng, year, scaled))
    ]
    orders.sort(key=lambda order: (order.at, order.order_id))
    refunds = [refund for order in orders if (refund := purchases.refund_of(rng, order, last)) is not None]
    diary = behaviour.Diary(rng, last)
    alive = _alive(rng, year, members, coming)
    behaviour.around_orders(diary, orders, habits)
    behaviour.between_orders(diary, year, members, habits, alive)
    behaviour.check_ins(diary, year, members, habits, alive)
    return World(
        year,
        members,
        habits,
        orders,
        sorted(refunds, key=lambda refund: (refund.at, refund.refund_id)),
        sorted(diary.deeds, key=lambda deed: (deed.at, deed.event_id)),
        till,
        np.array(left),
        alive,
    )


def _bought_before(rng: np.random.Generator, count: int) -> np.ndarray:
    """The day (before the year, so negative) on which each member last bought of each category."""
    return -rng.integers(1, 200, (count, len(purchases.CATEGORIES)))


def _alive(
    rng: np.random.Generator, year: calendar.Year, members: list[Member], coming: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """From when to when each member looks at what the shop shows: until some weeks after the last visit."""
    last_visit = np.full(len(members), -1)
    for place, number in coming:
        last_visit[number] = place
    lingering = rng.exponential(30, len(members)).astype(int) + 3
    found = []
    for member in members:
        begins = max(year.place(member.joined_on), 0)
        visited = int(last_visit[member.number])
        ends = begins + int(lingering[member.number]) if visited < 0 else visited + int(lingering[member.number])
        found.append((begins, min(max(ends, begins), len(year.days))))
    return found
