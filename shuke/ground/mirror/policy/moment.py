"""The instant a question is asked for, lengths of time, and what the merchant's calendar makes of both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from shuke.ground.mirror.policy.literals import instant_literal

_LENGTH = re.compile(r"^([1-9]\d{0,4})([mhdw])$")


class BadDuration(ValueError):
    """Not a length of time; the text is the offending words."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: whole business days (`d`, `w`), or sliding hours and minutes (`h`, `m`)."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: object) -> Duration:
        """`30d`, `2w`, `12h`, `45m`; raises `BadDuration`."""
        found = _LENGTH.match(text) if isinstance(text, str) else None
        if found is None:
            raise BadDuration(str(text))
        return cls(int(found[1]), found[2])

    @property
    def days(self) -> int | None:
        """Whole days, or None when it slides."""
        return {"d": self.count, "w": 7 * self.count}.get(self.unit)

    @property
    def delta(self) -> timedelta:
        """The elapsed time."""
        return timedelta(minutes={"m": 1, "h": 60, "d": 1440, "w": 10080}[self.unit] * self.count)

    def words(self) -> tuple[str, str]:
        """As people say it: (7 天, 7 days)."""
        zh = {"m": "分钟", "h": "小时", "d": "天", "w": "周"}[self.unit]
        en = {"m": "minute", "h": "hour", "d": "day", "w": "week"}[self.unit]
        return f"{self.count} {zh}", f"{self.count} {en}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Moment:
    """One merchant at one instant: everything a question needs to know of time.

    `complete`: nothing copied is later than the instant, so that no row needs to be held against it. `members_mark`
    names the state of the copied members, for what is remembered about them; None: remember nothing. `prices`: what can be had
    for points costs, by short name, as known when the question is asked.
    """

    merchant_id: int
    as_of: datetime
    zone: str
    day_start_minutes: int = 0
    complete: bool = False
    members_mark: int | None = None
    prices: Mapping[str, int] = field(default_factory=dict, compare=False)

    def date_of(self, instant: datetime) -> date:
        """The business date of an instant."""
        return (instant.astimezone(ZoneInfo(self.zone)) - timedelta(minutes=self.day_start_minutes)).date()

    def starts(self, day: date) -> datetime:
        """The instant at which a business date begins."""
        local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone))
        return (local + timedelta(minutes=self.day_start_minutes)).astimezone(UTC)

    @property
    def day(self) -> date:
        """The business date of the moment."""
        return self.date_of(self.as_of)

    @property
    def instant_sql(self) -> str:
        """The moment as a literal."""
        return instant_literal(self.as_of)

    def until(self, length: Duration) -> datetime:
        """When a coming period ends: whole business days with today as the first, or sliding from the moment."""
        if length.days is None:
            return self.as_of + length.delta
        return self.starts(self.day + timedelta(days=length.days))

    def local(self, text: str) -> datetime | date:
        """A date, or an instant (in the merchant's zone without an offset); raises `ValueError`."""
        if len(text) == 10:
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(self.zone))
