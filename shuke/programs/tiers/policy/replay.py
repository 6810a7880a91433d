"""A tier is a pure function of what happened, the versions of its ladder, and the instant one asks about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from shuke.programs.tiers.policy.ladders import Ladder, key_of, level_of, worth
from shuke.programs.tiers.policy.standings import Rise, Standing, climb, grant, lift, review


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that counts, at `at`, for the business date `day`: an order, what it earned, or (negative) what came back."""

    at: datetime
    day: date
    fen: int = 0
    points: int = 0
    orders: int = 0


@dataclass(frozen=True, slots=True)
class ByHand:
    """A level given by hand at `at` until `until`, or (without a level) taken back."""

    at: datetime
    level: int | None
    until: datetime | None = None


@dataclass(slots=True)
class Played:
    """Where it leads: the standing, what is counted by the terms of the newest version, net payment, every rise and drop."""

    standing: Standing
    counts: dict[str, int] = field(default_factory=dict)
    payments: dict[str, int] = field(default_factory=dict)
    rises: list[tuple[Rise, str]] = field(default_factory=list)


def replay(
    member_id: int, versions: Sequence[Ladder], history: Sequence[Moment | ByHand], as_of: datetime, zone: str
) -> Played:
    """Play a member's history on a ladder up to `as_of`.

    At one instant a new version comes first, then what was done by hand, then what counts. A new version raises at once
    whoever reaches more by it and demotes nobody; drops happen at ends of periods alone, by the version of that day.
    """
    ordered = sorted(versions, key=lambda one: one.version)
    lowest = ordered[0].levels[0].level
    told = [one for one in history if one.at <= as_of]
    first = min((one.at for one in told), default=as_of)
    game = _Game(Played(Standing(member_id, lowest, first, None)), ordered[0], zone)
    timeline: list[tuple[datetime, int, int, Ladder | Moment | ByHand]] = [
        *((one.from_at, 0, one.version, one) for one in ordered[1:] if one.from_at <= as_of),
        *((one.at, 1 if isinstance(one, ByHand) else 2, place, one) for place, one in enumerate(told)),
    ]
    for at, _, _, what in sorted(timeline, key=lambda one: one[:3]):
        game.advance(at)
        game.take(what)
    game.advance(as_of)
    game.played.counts, game.played.payments = game.sums[game.ladder.terms.by], game.sums["amount"]
    return game.played


class _Game:
    """One member's history being played."""

    def __init__(self, played: Played, ladder: Ladder, zone: str) -> None:
        self.played = played
        self.ladder = ladder
        self.zone = zone
        self.sums: dict[str, dict[str, int]] = {"amount": {}, "points": {}, "orders": {}, "visits": {}}

    def worth(self, day: date) -> int:
        return worth(self.ladder.terms, self.sums[self.ladder.terms.by], day)

    def note(self, rise: Rise | None, reason: str) -> None:
        if rise is not None:
            self.played.rises.append((rise, reason))

    def advance(self, to: datetime) -> None:
        """Decide at every end of a period up to `to`."""
        standing = self.played.standing
        while standing.keep_until is not None:
            grace = timedelta(0 if standing.under is not None else self.ladder.terms.grace_days)
            if standing.keep_until + grace > to:
                return
            last = (standing.keep_until - timedelta(seconds=1)).astimezone(ZoneInfo(self.zone)).date()
            reason = "ended" if standing.under is not None else "dropped"
            self.note(review(standing, self.ladder.levels, self.worth(last), self.zone, self.ladder.terms), reason)

    def take(self, what: Ladder | Moment | ByHand) -> None:
        if isinstance(what, Ladder):
            self.ladder = what
            self._climb(what.from_at, what.from_at.astimezone(ZoneInfo(self.zone)).date(), "changed")
        elif isinstance(what, ByHand):
            self.note(self._by_hand(what), "manual")
        else:
            self._count(what)
            if max(what.fen, what.points, what.orders) > 0:
                self._climb(what.at, what.day, "reached")

    def _by_hand(self, what: ByHand) -> Rise | None:
        standing, levels = self.played.standing, self.ladder.levels
        if what.level is None:
            return lift(standing, what.at)
        higher = level_of(levels, what.level).threshold > level_of(levels, standing.level).threshold
        if higher or (standing.under is not None and standing.level == what.level):
            return grant(standing, what.level, what.until, what.at)
        return None  # what came late raised the member by itself

    def _count(self, what: Moment) -> None:
        for by, n in (("amount", what.fen), ("points", what.points), ("orders", what.orders), ("visits", what.orders)):
            if n:
                key = key_of(by, what.day)  # type: ignore[arg-type]
                self.sums[by][key] = self.sums[by].get(key, 0) + n

    def _climb(self, at: datetime, day: date, reason: str) -> None:
        rise = climb(
            self.played.standing, self.ladder.levels, self.worth(day), at.astimezone(UTC), self.zone, self.ladder.terms
        )
        self.note(rise, reason)
