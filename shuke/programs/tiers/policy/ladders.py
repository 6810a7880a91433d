"""What a ladder is: rungs, what is counted towards them and in which window, and how a level is kept."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shuke.kit import durations, errors

MAIN = 0
"""The number of the main ladder: the one whose multiplier earns, and that rules and segments ask for."""
KEPT_FOR = "1Y_U"
"""A level reached is kept to the end of the next calendar year."""
MOST_LEVELS = 12
MOST_BENEFITS = 10
Measure = Literal["amount", "points", "orders", "visits"]


class BadLadder(errors.Refused):
    """The ladder is not right: {reason}"""

    code = "bad_ladder"
    http_status = 422
    zh = "会员等级不对：{reason_zh}"
    cure = "The lowest level begins at 0, every next one costs more, and each has a name of its own."
    cure_zh = "最低一级从 0 开始，往上门槛递增，名字各不相同。"


class Benefit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing a level brings: its kind and that kind's parameters."""

    kind: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Level:
    """One rung: reached at `threshold` of what the ladder counts (fen, points, orders or days with a purchase)."""

    level: int
    name: str
    threshold: int
    multiplier_percent: int = 100
    name_en: str = ""
    benefits: tuple[Benefit, ...] = ()


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ladder counts, in which window, and how levels are kept.

    `window`: rolling (this calendar month and the `months` − 1 before it), year (the calendar year), lifetime. A level is
    kept for `kept_for` from the day it was reached; at its end, and `grace_days` later in effect, whoever has
    `keep_percent` of its threshold in the window keeps it for another period; the others fall to the rung they reach so
    (`reached`), or by `one`.
    """

    by: Measure = "amount"
    window: Literal["rolling", "year", "lifetime"] = "rolling"
    months: Annotated[int, Meta(ge=1, le=60)] = 12
    kept_for: str = KEPT_FOR
    grace_days: Annotated[int, Meta(ge=0, le=366)] = 0
    keep_percent: Annotated[int, Meta(ge=0, le=100)] = 100
    drop: Literal["reached", "one"] = "reached"


DEFAULT = Terms()
"""Net payment of twelve months, kept to the end of the next year, no grace."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """One version of a ladder: what holds from `from_at` on, promised since `published_at`. States: live, ended."""

    ladder_id: int
    version: int
    name: str
    name_en: str
    terms: Terms
    levels: Sequence[Level]
    state: str
    from_at: datetime
    published_at: datetime
    published_by: str = ""

    @property
    def on_payments(self) -> bool:
        """Whether standings are kept by the payments themselves, and not played from history."""
        return self.ladder_id == MAIN and self.terms.by == "amount"


def level_of(levels: Sequence[Level], level: int) -> Level:
    """The rung of that number, or the lowest where the ladder has changed."""
    return next((rung for rung in levels if rung.level == level), levels[0])


def reached(levels: Sequence[Level], worth: int, percent: int = 100) -> Level:
    """The highest rung of which this is at least so many percent."""
    fit = (rung for rung in levels if rung.threshold * percent <= worth * 100)
    return max(fit, key=lambda rung: rung.threshold, default=levels[0])


def above(levels: Sequence[Level], level: int) -> Level | None:
    """The next rung."""
    here = level_of(levels, level)
    return min(
        (rung for rung in levels if rung.threshold > here.threshold), key=lambda rung: rung.threshold, default=None
    )


def percent_of(levels: Sequence[Level], level: int, worth: int) -> int:
    """How far towards the next rung, 0 … 100; 100 on the highest."""
    goal = above(levels, level)
    return 100 if goal is None else max(0, min(100, worth * 100 // goal.threshold))


def key_of(by: Measure, day: date) -> str:
    """Under which key something of that day is counted: visits by day, everything else by month."""
    return day.isoformat() if by == "visits" else f"{day.year}-{day.month:02d}"


@lru_cache(maxsize=1024)
def from_key(terms: Terms, day: date) -> str:
    """The first month that counts on that day."""
    if terms.window == "lifetime":
        return "0000-00"
    if terms.window == "year":
        return f"{day.year}-01"
    year, month = divmod(day.year * 12 + day.month - terms.months, 12)
    return f"{year}-{month + 1:02d}"


@lru_cache(maxsize=1024)
def until_key(day: date) -> str:
    """The last month that counts on that day."""
    return f"{day.year}-{day.month:02d}"


def worth(terms: Terms, counts: Mapping[str, int], day: date) -> int:
    """What the window of that day holds: a sum, or for visits the number of days that still have a purchase."""
    first, last = from_key(terms, day), until_key(day)
    inside = [n for key, n in counts.items() if first <= key[:7] <= last]
    return sum(n > 0 for n in inside) if terms.by == "visits" else sum(inside)


def in_force(versions: Sequence[Ladder], at: datetime) -> Ladder | None:
    """The version that had been published by then."""
    held = [one for one in versions if one.published_at <= at]
    return max(held, key=lambda one: one.version, default=None)


def check(name: str, terms: Terms, levels: Sequence[Level]) -> None:
    """Refuse a ladder that is none: thresholds that do not grow, names twice, a period shorter than a day."""
    reason: tuple[str, str] | None = None
    kept = durations.parse(terms.kept_for)
    if not 1 <= len(name) <= 20:
        reason = ("the ladder's name has 1 to 20 characters", "等级阶梯的名字 1 到 20 个字")
    elif kept is not None and (kept[1] in "smh" or kept[0] < 1):
        reason = ("a level is kept for at least a day", "保级期至少一天")
    elif not 1 <= len(levels) <= MOST_LEVELS:
        reason = (f"1 to {MOST_LEVELS} levels", f"1 到 {MOST_LEVELS} 级")
    elif len({rung.level for rung in levels}) < len(levels) or any(rung.level < 0 for rung in levels):
        reason = ("every level has a number of its own", "每级要有自己的编号")
    elif any(not 1 <= len(rung.name) <= 20 for rung in levels) or len({rung.name for rung in levels}) < len(levels):
        reason = ("names have 1 to 20 characters, each once", "名字 1 到 20 个字，不能重复")
    elif levels[0].threshold != 0:
        reason = ("the lowest level begins at 0", "最低一级的门槛要是 0")
    elif any(higher.threshold <= lower.threshold for lower, higher in itertools.pairwise(levels)):
        reason = ("thresholds must grow", "门槛要一级比一级高")
    elif any(not 1 <= rung.multiplier_percent <= 10_000 for rung in levels):
        reason = ("multipliers lie between 0.01 and 100", "积分倍数在 0.01 到 100 之间")
    elif any(len(rung.benefits) > MOST_BENEFITS for rung in levels):
        reason = (f"at most {MOST_BENEFITS} benefits a level", f"每级最多 {MOST_BENEFITS} 项权益")
    if reason is not None:
        raise BadLadder(field="levels", reason=reason[0], reason_zh=reason[1])
