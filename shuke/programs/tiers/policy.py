"""The ladder: which level a payment history reaches, and how long it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shuke.kit import durations

KEPT_FOR = "1Y_U"
"""A level reached is kept to the end of the next calendar year."""


@dataclass(frozen=True, slots=True)
class Level:
    """One rung: reached at `threshold_fen` of net payment within twelve calendar months."""

    level: int
    name: str
    threshold_fen: int
    multiplier_percent: int
    name_en: str = ""


@dataclass(slots=True)
class Standing:
    """Where one member stands; `months` is net payment in fen by month of payment (`2026-11`)."""

    member_id: int
    level: int
    since: datetime
    keep_until: datetime | None
    months: dict[str, int]
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Rise:
    """A member reached another level at `at`: a higher one by a payment, a lower one at the end of a period."""

    member_id: int
    from_level: int
    to_level: int
    at: datetime


def level_of(ladder: Sequence[Level], level: int) -> Level:
    """The rung of that number, or the lowest where the ladder has changed."""
    return next((rung for rung in ladder if rung.level == level), ladder[0])


def window_fen(months: dict[str, int], day: date) -> int:
    """Net payment in the month of `day` and the eleven before it."""
    first = f"{day.year - 1}-{day.month + 1:02d}" if day.month < 12 else f"{day.year}-01"
    last = f"{day.year}-{day.month:02d}"
    return sum(fen for month, fen in months.items() if first <= month <= last)


def reached(ladder: Sequence[Level], fen: int) -> Level:
    """The highest rung that this much payment reaches."""
    return max(
        (rung for rung in ladder if rung.threshold_fen <= fen), key=lambda rung: rung.threshold_fen, default=ladder[0]
    )


def pay(standing: Standing, ladder: Sequence[Level], fen: int, day: date, at: datetime, zone: str) -> Rise | None:
    """Count a payment (or, negative, a refund) of that day; up at once, never down here."""
    if fen == 0:
        return None
    month = f"{day.year}-{day.month:02d}"
    if not standing.months:
        standing.since = at  # on the lowest rung since the first payment
    standing.months[month] = standing.months.get(month, 0) + fen
    standing.changed = True
    goal = reached(ladder, window_fen(standing.months, day))
    if goal.threshold_fen <= level_of(ladder, standing.level).threshold_fen:
        return None
    rise = Rise(standing.member_id, standing.level, goal.level, at)
    standing.level, standing.since = goal.level, at
    standing.keep_until = durations.end(KEPT_FOR, at, zone)
    return rise


def review(standing: Standing, ladder: Sequence[Level], zone: str, day: date, grace: timedelta) -> Rise | None:
    """Decide at the end of a period, whose last date is `day`: keep the level for another period, or go down."""
    assert standing.keep_until is not None
    here, earned = level_of(ladder, standing.level), reached(ladder, window_fen(standing.months, day))
    ended = standing.keep_until
    standing.changed = True
    if earned.threshold_fen >= here.threshold_fen:
        standing.keep_until = durations.end(KEPT_FOR, ended - timedelta(seconds=1), zone)
        return None
    drop = Rise(standing.member_id, standing.level, earned.level, ended + grace)
    standing.level, standing.since = earned.level, ended + grace
    standing.keep_until = None if earned is ladder[0] else durations.end(KEPT_FOR, ended - timedelta(seconds=1), zone)
    return drop


def merge(heir: Standing, loser: Standing, ladder: Sequence[Level], day: date, at: datetime, zone: str) -> Rise | None:
    """One person's two standings: payments add up, the higher level stays to the later end, and may be passed by the sum."""
    before = heir.level
    for month, fen in loser.months.items():
        heir.months[month] = heir.months.get(month, 0) + fen
    heir.changed = True
    here, other = level_of(ladder, heir.level), level_of(ladder, loser.level)
    if other.threshold_fen > here.threshold_fen:
        heir.level, heir.since, heir.keep_until = loser.level, loser.since, loser.keep_until
    elif other.level == here.level and heir.keep_until is not None and loser.keep_until is not None:
        heir.keep_until = max(heir.keep_until, loser.keep_until)
    goal = reached(ladder, window_fen(heir.months, day))
    if goal.threshold_fen > level_of(ladder, heir.level).threshold_fen:
        heir.level, heir.since, heir.keep_until = goal.level, at, durations.end(KEPT_FOR, at, zone)
    return None if heir.level == before else Rise(heir.member_id, before, heir.level, at)
