"""When members buy, what, at what price, and what they bring back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from shuke.doors.demo.goods import CATEGORIES, PRODUCTS, STAGES, appeal
from shuke.doors.demo.people import HOME_STORE

if TYPE_CHECKING:
    from shuke.doors.demo.calendar import Year
    from shuke.doors.demo.goods import Product
    from shuke.doors.demo.people import Habits, Member

ZONE = ZoneInfo("Asia/Shanghai")
_SHOP_HOURS = np.array([0] * 10 + [2, 4, 5, 5, 6, 7, 6, 6, 7, 8, 8, 5, 1, 0], float)
_ONLINE_HOURS = np.array([3, 1, 0.5, 0.2, 0.2, 0.3, 1, 2, 3, 4, 5, 5, 6, 5, 4, 4, 4, 4, 5, 6, 8, 9, 9, 6], float)
_METHODS = ("wechat", "alipay", "card", "cash")
_BY_CATEGORY = tuple(tuple(p for p in PRODUCTS if p.category == category.name) for category in CATEGORIES)
_APPEAL = tuple(
    tuple(np.cumsum(weights) / sum(weights) for found in _BY_CATEGORY if (weights := [appeal(p, stage) for p in found]))
    for stage in ("", *STAGES)
)
_MONTHS = np.array([category.months for category in CATEGORIES])
_CYCLES = np.array([category.cycle_days for category in CATEGORIES], float)
_ONLY_STORE = np.array([category.only_store for category in CATEGORIES])


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `list_fen` and `amount_fen` are of all its pieces."""

    product: Product
    quantity: int
    list_fen: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `member` is a place in the list of members, None for a guest."""

    order_id: str
    at: datetime
    member: int | None
    store: str
    channel: str
    lines: tuple[Line, ...]
    coupon: str
    method: str

    @property
    def amount_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund of lines of an order."""

    refund_id: str
    order: Order
    at: datetime
    lines: tuple[Line, ...]

    @property
    def amount_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)


@dataclass(slots=True)
class Till:
    """Draws orders one after the other; remembers what each member bought when."""

    rng: np.random.Generator
    year: Year
    people: list[Member]
    habits: Habits
    last_bought: np.ndarray
    numbers: dict[str, int] = field(default_factory=dict)

    def order(self, member: int | None, place: int, *, thriftier: float = 0.0) -> Order:
        """One order of this member (None: a guest) on that day of the year."""
        rng, day = self.rng, self.year.days[place]
        online = 0.15 if member is None else float(self.habits.online[member])
        is_online = rng.random() < online
        channel = str(rng.choice(["mini", "web", "douyin"], p=[0.66, 0.27, 0.07])) if is_online else "pos"
        store = self._store(member, is_online)
        hours = _ONLINE_HOURS if is_online else _SHOP_HOURS
        hour = int(rng.choice(24, p=hours / hours.sum()))
        at = datetime.combine(day, time(hour, int(rng.integers(60)), int(rng.integers(60))), ZONE)
        thrift = float(rng.beta(1.5, 2.5)) if member is None else float(self.habits.thrift[member])
        off, coupon = self._rebate(place, min(thrift + thriftier, 1.0))
        lines = self._lines(member, place, is_online, off)
        method = str(rng.choice(_METHODS, p=[0.64, 0.31, 0.05, 0] if is_online else [0.58, 0.26, 0.11, 0.05]))
        stem = f"{channel.upper()}{day:%y%m%d}"
        self.numbers[stem] = self.numbers.get(stem, 0) + 1
        return Order(f"{stem}-{self.numbers[stem]:04}", at, member, store, channel, lines, coupon, method)

    def _store(self, member: int | None, is_online: bool) -> str:
        if is_online:
            return ""
        home = None if member is None else HOME_STORE.get(self.people[member].city)
        if home is not None and self.rng.random() < 0.97:
            return home
        return str(self.rng.choice(list(HOME_STORE.values()), p=[0.44, 0.28, 0.28]))

    def _rebate(self, place: int, thrift: float) -> tuple[int, str]:
        """Percent off and the coupon that gives it: at sales nearly all, between sales those who look for it."""
        off, code = int(self.year.off_percent[place]), self.year.codes[place]
        if off and self.rng.random() < 0.6 + 0.4 * thrift:
            return off, code if self.rng.random() < 0.7 else ""
        if self.rng.random() < 0.15 + 0.8 * thrift:
            return int(self.rng.choice([5, 10, 15, 20])), "NEXT" if self.rng.random() < 0.35 else ""
        return 0, ""

    def _lines(self, member: int | None, place: int, is_online: bool, off: int) -> tuple[Line, ...]:
        rng = self.rng
        if member is None:
            weights, further = np.array([category.weight for category in CATEGORIES]), 0.4
        else:
            since = place - self.last_bought[member]
            ready = 1 - np.exp(-((np.maximum(since, 0) / _CYCLES) ** 2) * 1.2)
            weights, further = self.habits.taste[member] * (0.06 + ready), float(self.habits.basket[member])
        weights = weights * _MONTHS[:, self.year.days[place].month - 1]
        weights = np.where(_ONLY_STORE & is_online, 0.0, weights)
        count = min(1 + int(rng.poisson(further)), 6)
        chosen = rng.choice(
            len(CATEGORIES), min(count, int((weights > 0).sum())), replace=False, p=weights / weights.sum()
        )
        stage = 0 if member is None else int(self.habits.stage[member])
        lines = []
        for category in chosen.tolist():
            product = _BY_CATEGORY[category][int(np.searchsorted(_APPEAL[stage][category], rng.random()))]
            quantity = 1 + int(rng.random() < (0.25 if product.price_fen < 13_000 else 0.05))
            list_fen = product.price_fen * quantity
            lines.append(Line(product, quantity, list_fen, list_fen * (100 - off) // 100))
            if member is not None:
                self.last_bought[member, category] = place
        return tuple(lines)


def visits(
    rng: np.random.Generator, year: Year, people: list[Member], habits: Habits
) -> tuple[list[tuple[int, int]], list[int]]:
    """(day, member) of every visit, in the order of days; and how many visits are left to each member after the year.

    A member's visits are a Poisson process whose intensity follows the calendar (sales pull the thrifty more), cut off
    after a geometric number of visits. Members of before the year had their chance to drop out already. Who joins in
    the year does it with a first visit.
    """
    length = len(year.days)
    found: list[tuple[int, int]] = []
    left: list[int] = []
    for member in people:
        number = member.number
        pull = year.pull * (1 + habits.thrift[number] * year.bargain)
        start = max(year.place(member.joined_on), 0)
        newcomer = year.place(member.joined_on) >= 0
        earlier = 0 if newcomer else rng.poisson(habits.rate[number] * min(-year.place(member.joined_on), 900))
        life = int(rng.geometric(max(habits.dropout[number], 1e-3))) - int(earlier)
        places = [start] if newcomer else []
        if life > 0:
            expected = habits.rate[number] * pull[start:].sum() / year.pull.mean()
            draws = rng.choice(length - start, rng.poisson(expected), p=pull[start:] / pull[start:].sum())
            places += sorted((draws + start).tolist())
        kept = places[: max(life, len(places[:1]) if newcomer else 0)]
        found += [(place, number) for place in kept]
        left.append(max(life - len(kept), 0))
    return sorted(found), left


def guests(rng: np.random.Generator, year: Year, a_day: float) -> list[tuple[int, int]]:
    """(day, −1) of every visit of somebody who is no member."""
    counts = rng.poisson(a_day * year.pull / year.pull.mean())
    return [(place, -1) for place, count in enumerate(counts.tolist()) for _ in range(count)]


def refund_of(rng: np.random.Generator, order: Order, last: datetime) -> Refund | None:
    """Perhaps a refund: of services never, online more often; a third take back everything."""
    goods = tuple(line for line in order.lines if line.product.category != "护理服务")
    chance = 0.055 if order.channel != "pos" else 0.022
    if not goods or rng.random() >= chance:
        return None
    at = order.at + timedelta(hours=float(rng.gamma(2.0, 40.0)) + 2)
    everything = len(order.lines) == 1 or rng.random() < 0.34
    lines = order.lines if everything and len(goods) == len(order.lines) else (goods[int(rng.integers(len(goods)))],)
    if at > last or sum(line.amount_fen for line in lines) == 0:
        return None
    return Refund(f"R-{order.order_id}", order, at, lines)
