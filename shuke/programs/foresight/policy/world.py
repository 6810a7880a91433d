"""What a search may vary: everything that an order, its day and its member could be, and the rules it is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shuke.programs import earning, tiers

HORIZON_DAYS = 366
OTHER = "其他商品"
"""A product that no rule names."""


@dataclass(frozen=True, slots=True)
class World:
    """A merchant as the search sees it: rules with their periods, tiers, settings, and what budgets have left."""

    rules: earning.RuleSet
    levels: Sequence[tiers.Level]
    multiplying: earning.Multiplying
    zone_name: str
    day_start_minutes: int
    today: date
    now: datetime
    used: Mapping[tuple[int, int, str], tuple[int, int]] = field(default_factory=dict)
    """What budgets have given so far."""
    pieces: int = 5
    """The most pieces in one order."""

    @property
    def zone(self) -> ZoneInfo:
        """The merchant's zone."""
        return ZoneInfo(self.zone_name)

    def counters(self) -> earning.Counters:
        """Counters of a member who has had nothing yet, and budgets as they stand."""
        return earning.Counters(dict(self.used))

    def business_date(self, instant: datetime) -> date:
        """The business date of an instant."""
        return (instant.astimezone(self.zone) - timedelta(minutes=self.day_start_minutes)).date()


@dataclass(frozen=True, slots=True)
class Situation:
    """One order as it might be: its moment, its goods, and its member."""

    at: datetime
    amount_fen: int
    level: tiers.Level
    lines: tuple[earning.Line, ...] = ()
    channel: str = ""
    store: str = ""
    payments: tuple[str, ...] = ()
    birthday: date | None = None
    age_days: int | None = None
    orders: int = 0
    segments: frozenset[str] = frozenset()
    month_fen: int = 0
    watched: tuple[str, ...] = ()
    """Events just before, of content that shows the goods of the order."""

    def basis(self, world: World) -> earning.Basis:
        """What the rules look at."""
        day = world.business_date(self.at)
        skus = tuple(line.sku for line in self.lines)
        known = earning.Known(
            birthday=self.birthday, joined_at=None if self.age_days is None else self.at - timedelta(days=self.age_days),
            orders=self.orders, segments=self.segments, months={f"{day.year}-{day.month:02d}": self.month_fen},
            marks=[earning.Mark(event, "", self.at, skus) for event in self.watched],
        )  # fmt: skip
        return earning.Basis(
            occurred_at=self.at, amount_fen=self.amount_fen, lines=self.lines, store=self.store, channel=self.channel,
            tier_level=self.level.level, tier_name=self.level.name, multiplier_percent=self.level.multiplier_percent,
            payments=self.payments, known=known, zone=world.zone, day=day,
        )  # fmt: skip

    def awards(
        self, world: World, counters: earning.Counters | None = None, member_id: int = 1
    ) -> list[earning.Award]:  # fmt: skip
        """What the real policy gives for it."""
        return earning.evaluate(
            world.rules, earning.EFFECTS, self.basis(world), member_id=member_id,
            counters=world.counters() if counters is None else counters, multiplier_policy=world.multiplying,
        )  # fmt: skip

    def points(self, world: World) -> int:
        """How much that is together."""
        return sum(award.points for award in self.awards(world))
