"""What rules are, what they may look at, and what they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shuke.kit import money
from shuke.programs.earning.policy.using import AT_ONCE, Use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

NOTHING: frozenset[str] = frozenset()
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what was bought; money net in fen."""

    sku: str
    quantity: int
    amount_fen: int
    category: str = ""
    brand: str = ""


@dataclass(slots=True)
class Mark:
    """Something a member did that waits for an order: a video watched to its end, and the goods it showed."""

    event: str
    ref: str
    at: datetime
    skus: tuple[str, ...] = ()
    used: bool = False


def mark_of(event: str, properties: Mapping[str, Any], event_id: str, at: datetime) -> Mark | None:
    """What such an event leaves waiting for an order: one mark for each video, article or product, or for each time where
    the event names none. What says that it was not finished leaves nothing."""
    if properties.get("finished", True) in (False, 0):
        return None
    about = next((properties[name] for name in ("video", "article", "sku") if properties.get(name)), None)
    skus = str(properties.get("skus") or properties.get("sku") or "")
    named = tuple(sku.strip() for sku in skus.split(",") if sku.strip())
    return Mark(event, str(about or event_id)[:200], at, named)


@dataclass(slots=True, eq=False)
class Known:
    """What rules may know of a member before the order; what no live rule asks for stays as here."""

    birthday: date | None = None
    joined_at: datetime | None = None
    orders: int = 0
    segments: frozenset[str] = NOTHING
    marks: Sequence[Mark] = ()
    months: Mapping[str, int] = field(default_factory=dict)
    """Net payment in fen by month (`2026-11`), without this order."""


NOBODY = Known()


@dataclass(slots=True)
class Basis:
    """What a rule may look at: the order as paid or the event, its local time, and the member as they were."""

    occurred_at: datetime
    amount_fen: int = 0
    lines: Sequence[Line] = ()
    store: str = ""
    channel: str = ""
    tier_level: int = 0
    tier_name: str = ""
    multiplier_percent: int = 100
    payments: Sequence[str] = ()
    event: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    trigger: str = "order"
    known: Known = NOBODY
    zone: ZoneInfo | None = None
    day: date | None = None
    shares: bool = True
    """Whether anybody asks for each line's share of an award; a backtest does not."""
    _local: datetime | None = None
    _weights: list[int] | None = None

    @property
    def local(self) -> datetime:
        """When it happened on the merchant's clock."""
        if self._local is None:
            self._local = self.occurred_at.astimezone(self.zone)
        return self._local

    @property
    def weights(self) -> list[int]:
        """The money of each line: what an award on the whole order is split by."""
        if self._weights is None:
            self._weights = [line.amount_fen for line in self.lines]
        return self._weights

    @property
    def on(self) -> date:
        """The business date it belongs to."""
        if self.day is None:
            self.day = self.local.date()
        return self.day


def asked(
    zh: str, en: str, *, unit: str = "", widget: str = "", labels: Any = None, when: Any = None, **limits: Any
) -> Meta:
    """How a parameter is called on the form, in both languages, its limits, and `when` it is asked: with which others."""
    shown: dict[str, Any] = {"x-zh": zh, "x-en": en}
    told = {"x-unit": unit, "x-widget": widget, "x-when": when}
    shown |= {name: value for name, value in told.items() if value}
    shown |= {"x-labels": {str(key): {"zh": z, "en": e} for key, (z, e) in labels.items()}} if labels else {}
    return Meta(title=en, extra_json_schema=shown, **limits)


PERIODS = {
    "order": ("每单", "Order"), "day": ("每天", "Day"), "week": ("每周", "Week"), "month": ("每月", "Month"),
    "year": ("每年", "Year"), "ever": ("总共", "Altogether"),
}  # fmt: skip
STACKING = {"sum": ("相加", "Add up"), "max": ("取最高", "The highest"), "first": ("取第一条", "The first")}
Per = Literal["order", "day", "week", "month", "year", "ever"]


class Cap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The most that one member gets from a rule per order, day, week, month, year or altogether: points, times or both."""

    per: Annotated[Per, asked("每", "Per", labels=PERIODS)]
    points: Annotated[int, asked("最多多少积分", "Points at most", unit="points", ge=1, le=1_000_000_000)] | None = None
    times: Annotated[int, asked("最多几次", "Times at most", ge=1, le=1_000_000)] | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a rule lives with the others: its place, its stacking group, its caps and its budget in points; and when what it
    gives can be used."""

    priority: Annotated[int, asked("顺序（小的先算）", "Order (lower first)", ge=1, le=10_000)] = 100
    group: Annotated[str, asked("叠加组", "Stacking group"), Meta(max_length=40)] = ""
    stacking: Annotated[Literal["sum", "max", "first"], asked("组内怎么算", "Within the group", labels=STACKING)] = (
        "sum"
    )
    caps: Annotated[list[Cap], asked("每人上限", "Caps per member"), Meta(max_length=6)] = []
    budget_points: Annotated[int, asked("总预算", "Budget", unit="points", ge=1, le=1_000_000_000_000)] | None = None
    use: Annotated[Use, asked("积分什么时候能用", "When the points can be used")] = AT_ONCE


PLAIN = Terms()


@dataclass(frozen=True, slots=True)
class LiveRule:
    """One published version of a rule, compiled: live in [live_from, live_to)."""

    rule_id: int
    version: int
    kind: str
    name: str
    priority: int
    params: Any
    conditions: tuple[tuple[Any, Any], ...]
    live_from: datetime | None
    live_to: datetime | None
    terms: Terms = PLAIN
    trigger: str = "order"
    needs: frozenset[str] = NOTHING
    events: frozenset[str] = NOTHING
    """The events that this rule answers (trigger `event`) or waits for (need `marks`)."""
    once_per: str = ""
    """The property of an event that may earn once only, such as the article."""
    monthly: bool = False
    """Whether it gives up to a total of the month, so that what the month has given must be known."""
    worked_out: Any = None
    """What its kind worked out from the parameters once, so that no order has to."""
    limited: bool = field(init=False)
    """Whether it may give less than it would, because of a cap, a budget or something that earns once."""
    least_fen: int = field(init=False)
    """What its conditions ask of the amount: a refund below it takes everything back."""
    heading: dict[str, Any] = field(init=False)
    """How the stored reason of each of its awards begins."""

    def __post_init__(self) -> None:
        limited = bool(self.terms.caps) or self.terms.budget_points is not None or bool(self.once_per) or self.monthly
        least = [params.least_fen for kind, params in self.conditions if kind.code == "amount"]
        object.__setattr__(self, "limited", limited)
        object.__setattr__(self, "least_fen", max(least, default=0))
        object.__setattr__(self, "heading", {"kind": self.kind, "rule": self.name, "version": self.version})

    def holds_at(self, instant: datetime) -> bool:
        """Whether this version was live at that instant; no beginning means from the beginning of time."""
        return (self.live_from is None or self.live_from <= instant) and (
            self.live_to is None or instant < self.live_to
        )

    def answers(self, basis: Basis) -> bool:
        """Whether this version is about such a thing at all, at that time."""
        return (
            self.trigger == basis.trigger
            and (basis.trigger != "event" or basis.event in self.events)
            and self.holds_at(basis.occurred_at)
        )


@dataclass(slots=True)
class Award:
    """What one rule gives: points, what they were computed from, and the reason as data."""

    rule: LiveRule
    points: int
    basis_fen: int
    why: dict[str, Any]
    validity: str
    breakdown: list[int] = field(default_factory=list)
    uses: Mark | None = None
    """What the member did before, that waited for this order and is used up by it."""

    def reduce(self, points: int, limit: dict[str, Any]) -> None:
        """Give less than desired, and say because of what."""
        self.why["desired"] = self.why.get("desired", self.points)
        self.why["given"] = self.points = points
        self.why["limit"] = limit
        if self.breakdown and points:
            self.breakdown = money.split(points, self.breakdown)


@dataclass(frozen=True, slots=True)
class Multiplying:
    """How multipliers meet: their bonuses add (the default), the largest counts alone, or they multiply; with a cap."""

    policy: str = "sum"
    most_percent: int = 500


DEFAULT = Multiplying()


def multiplying(settings: Mapping[str, Any]) -> Multiplying:
    """The merchant's policy for multipliers: settings `multiplier_policy` and `multiplier_most_percent`."""
    if "multiplier_policy" not in settings and "multiplier_most_percent" not in settings:
        return DEFAULT
    policy = settings.get("multiplier_policy", DEFAULT.policy)
    if policy not in ("sum", "max", "product"):
        policy = DEFAULT.policy
    return Multiplying(policy, max(int(settings.get("multiplier_most_percent", DEFAULT.most_percent)), 100))


_NEVER = (0, 0)
CounterKey = tuple[int, int, str]
"""Rule, member (0: all, for budgets), period."""


@dataclass(slots=True)
class Counters:
    """What rules have given so far by rule, member and period, as points and times; collects what is added."""

    given: dict[CounterKey, tuple[int, int]] = field(default_factory=dict)
    added: dict[CounterKey, tuple[int, int]] = field(default_factory=dict)

    def so_far(self, key: CounterKey) -> tuple[int, int]:
        """Points and times given under this key, with what was added here."""
        given, added = self.given.get(key, _NEVER), self.added.get(key)
        return given if added is None else (given[0] + added[0], given[1] + added[1])

    def add(self, key: CounterKey, points: int, times: int) -> None:
        """Count an award, or with negative figures what was taken back."""
        before, earlier = self.added.get(key, (0, 0))
        self.added[key] = (before + points, earlier + times)


@lru_cache(maxsize=2048)
def period(per: str, day: date) -> str:
    """The name of the period of a cap that a business date falls into."""
    if per == "day":
        return f"d:{day.isoformat()}"
    if per == "week":
        year, week, _ = day.isocalendar()
        return f"w:{year}-{week:02d}"
    if per == "month":
        return f"m:{day.year}-{day.month:02d}"
    return f"y:{day.year}" if per == "year" else "e"


@lru_cache(maxsize=512)
def month_of(day: date) -> str:
    """The calendar month of a date, as net payments are counted by it: `2026-11`."""
    return f"{day.year}-{day.month:02d}"


BUDGET = "b"


def once_key(rule: LiveRule, member_id: int, basis: Basis) -> CounterKey | None:
    """The counter of the content that may earn once only; None where the event does not say which content."""
    about = basis.properties.get(rule.once_per) if rule.once_per else None
    return None if about in (None, "") else (rule.rule_id, member_id, f"p:{about}"[:200])


def month_key(rule: LiveRule, member_id: int, basis: Basis) -> CounterKey:
    """The counter of what a monthly ladder has given in the month."""
    return rule.rule_id, member_id, f"l:{month_of(basis.on)}"


def counted_under(rule: LiveRule, member_id: int, basis: Basis) -> list[CounterKey]:
    """All counters that an award of this rule would be counted under."""
    terms, rule_id = rule.terms, rule.rule_id
    keys = [(rule_id, member_id, period(cap.per, basis.on)) for cap in terms.caps if cap.per != "order"]
    if rule.once_per and (once := once_key(rule, member_id, basis)) is not None:
        keys.append(once)
    if rule.monthly:
        keys.append(month_key(rule, member_id, basis))
    if terms.budget_points is not None:
        keys.append((rule_id, 0, BUDGET))
    return keys


def split_over(points: int, basis: Basis) -> list[int]:
    """The share of each line in an award on the whole order; empty for one line, and where nobody asks."""
    return money.split(points, basis.weights) if basis.shares and len(basis.lines) > 1 else []


def reason(rule: LiveRule, **facts: Any) -> dict[str, Any]:
    """The stored reason of an award: which rule and version, and what its kind needs to explain and to repeat it."""
    return rule.heading | facts


def kept(why: Mapping[str, Any], remaining_fen: int, fresh: int) -> int:
    """What remains of an award when its kind would give `fresh` for what is left: never more than was given."""
    if remaining_fen <= 0 or remaining_fen < why.get("least_fen", 0):
        return 0
    return min(fresh, why["given"]) if "given" in why else fresh


def rule_words(why: Mapping[str, Any]) -> tuple[str, str]:
    """The rule of a stored reason, as sentences name it, in Chinese and English."""
    if not why["version"]:
        return "这一稿", "this draft"
    return f"「{why['rule']}」第 {why['version']} 版", f"“{why['rule']}” v{why['version']}"


def times(percent: int) -> str:
    """A percentage as a factor: 150 → 1.5."""
    return f"{percent / 100:g}"
