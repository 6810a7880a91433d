"""When a birthday gift falls due: the day itself, the Monday of its week, or the first of its month."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

When = Literal["day", "week", "month"]


def birthday_in(year: int, born: date) -> date:
    """The birthday in a year; who was born on 29 February celebrates on the 28th when there is no 29th."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def celebrated(when: When, day: date) -> list[date]:
    """The birthdays for which a gift falls due on `day`: none on most days of a week or a month.

    A week over New Year begins in December and holds birthdays of January: they belong to the new year.
    """
    if when == "day":
        return [day]
    if when == "week":
        return [day + timedelta(days=n) for n in range(7)] if day.weekday() == 0 else []
    if day.day != 1:
        return []
    following = (day + timedelta(days=32)).replace(day=1)
    return [day + timedelta(days=n) for n in range((following - day).days)]


def year_of(born: date, days: list[date]) -> int | None:
    """The year of the birthday that lies among these dates, None where none does."""
    return next((one.year for one in days if birthday_in(one.year, born) == one), None)
