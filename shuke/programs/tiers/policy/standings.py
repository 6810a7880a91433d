"""Where a member stands: up at once, down only at the end of a period, by hand until an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import msgspec

from shuke.kit import durations
from shuke.programs.tiers.policy.ladders import DEFAULT, Level, Terms, above, level_of, reached, worth


class Beneath(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has earned while a higher level was given by hand: where they return to."""

    level: int
    since: datetime
    keep_until: datetime | None


@dataclass(slots=True)
class Standing:
    """Where one member stands on the main ladder; `months` is net payment in fen by month of payment (`2026-11`).

    `under` is what was earned, while a level given by hand is in force.
    """

    member_id: int
    level: int
    since: datetime
    keep_until: datetime | None
    months: dict[str, int] = field(default_factory=dict)
    under: Beneath | None = None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Rise:
    """A member reached another level at `at`: a higher one by a payment, a lower one at the end of a period."""

    member_id: int
    from_level: int
    to_level: int
    at: datetime


def pay(
    standing: Standing, levels: Sequence[Level], fen: int, day: date, at: datetime, zone: str, terms: Terms = DEFAULT
) -> Rise | None:
    """Count a payment (or, negative, a refund) of that day; up at once, never down here.

    Payments are counted on every ladder; where the terms count something else, they raise nobody.
    """
    if fen == 0:
        return None
    month = f"{day.year}-{day.month:02d}"
    if not standing.months:
        standing.since = at  # on the lowest rung since the first payment
    standing.months[month] = standing.months.get(month, 0) + fen
    standing.changed = True
    if terms.by != "amount" or fen < 0:
        return None
    return climb(standing, levels, worth(terms, standing.months, day), at, zone, terms)


def climb(
    standing: Standing, levels: Sequence[Level], reach: int, at: datetime, zone: str, terms: Terms = DEFAULT
) -> Rise | None:
    """Up to the rung that so much reaches, if it is higher; what lies beneath a level given by hand rises unseen."""
    goal, here = reached(levels, reach), level_of(levels, standing.level)
    if goal.threshold <= here.threshold:
        beneath = standing.under
        if beneath is not None and goal.threshold > level_of(levels, beneath.level).threshold:
            standing.under = Beneath(level=goal.level, since=at, keep_until=durations.end(terms.kept_for, at, zone))
            standing.changed = True
        return None
    rise = Rise(standing.member_id, standing.level, goal.level, at)
    standing.level, standing.since, standing.under = goal.level, at, None
    standing.keep_until = durations.end(terms.kept_for, at, zone)
    standing.changed = True
    return rise


def review(standing: Standing, levels: Sequence[Level], reach: int, zone: str, terms: Terms = DEFAULT) -> Rise | None:
    """Decide at the end of a period in whose window lay `reach`: keep the level for another one, or go down.

    A level given by hand ends without a decision: the member is back where they had come themselves.
    """
    assert standing.keep_until is not None
    ended = standing.keep_until
    standing.changed = True
    if standing.under is not None:
        return lift(standing, ended)
    here, kept = level_of(levels, standing.level), reached(levels, reach, terms.keep_percent)
    following = durations.end(terms.kept_for, ended - timedelta(seconds=1), zone)
    if kept.threshold >= here.threshold:
        standing.keep_until = following
        return None
    if terms.drop == "one":
        below = (rung for rung in levels if above(levels, rung.level) is here)
        kept = next(below, kept)
    at = ended + timedelta(days=terms.grace_days)
    drop = Rise(standing.member_id, standing.level, kept.level, at)
    standing.level, standing.since = kept.level, at
    standing.keep_until = None if kept is levels[0] else following
    return drop


def grant(standing: Standing, level: int, until: datetime | None, at: datetime) -> Rise | None:
    """Give a level by hand, until an end or for good; what was earned goes on beneath it."""
    if standing.under is None:
        standing.under = Beneath(level=standing.level, since=standing.since, keep_until=standing.keep_until)
    before = standing.level
    standing.level, standing.keep_until, standing.changed = level, until, True
    if before == level:
        return None
    standing.since = at
    return Rise(standing.member_id, before, level, at)


def lift(standing: Standing, at: datetime) -> Rise | None:
    """End what was given by hand: back to what was earned, whose own period goes on."""
    back = standing.under
    if back is None:
        return None
    before = standing.level
    standing.level, standing.since, standing.keep_until = back.level, at, back.keep_until
    standing.under, standing.changed = None, True
    return None if before == back.level else Rise(standing.member_id, before, back.level, at)


def merge(
    heir: Standing, loser: Standing, levels: Sequence[Level], day: date, at: datetime, zone: str, terms: Terms = DEFAULT
) -> Rise | None:
    """One person's two standings: payments add up, the higher level stays to the later end, and may be passed by the sum."""
    before = heir.level
    for month, fen in loser.months.items():
        heir.months[month] = heir.months.get(month, 0) + fen
    heir.changed = True
    here, other = level_of(levels, heir.level), level_of(levels, loser.level)
    if other.threshold > here.threshold:
        heir.level, heir.since, heir.keep_until, heir.under = loser.level, loser.since, loser.keep_until, loser.under
    elif other.level == here.level and heir.keep_until is not None and loser.keep_until is not None:
        heir.keep_until = max(heir.keep_until, loser.keep_until)
    if terms.by == "amount":
        climb(heir, levels, worth(terms, heir.months, day), at, zone, terms)
    return None if heir.level == before else Rise(heir.member_id, before, heir.level, at)
