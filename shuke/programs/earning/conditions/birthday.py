"""It happened on the member's birthday, or in the week or month of it."""

from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal

import msgspec

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked

LABELS = {
    "day": ("生日当天", "The birthday"),
    "week": ("生日那一周", "The week of it"),
    "month": ("生日当月", "The month of it"),
}


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day itself, the Monday-to-Sunday week that holds it, or its calendar month."""

    window: Annotated[Literal["day", "week", "month"], asked("生日的", "When", labels=LABELS)] = "day"


def birthday_in(year: int, born: date) -> date:
    """The birthday in a year; who was born on 29 February celebrates on the 28th when there is no 29th."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def in_window(window: str, born: date, day: date) -> bool:
    """Whether a date lies in the birthday's window; a birthday week over New Year is one week."""
    if window == "month":
        return day.month == born.month
    if window == "day":
        return day == birthday_in(day.year, born)
    monday = day - timedelta(days=day.weekday())
    sunday = monday + timedelta(days=6)
    return any(monday <= birthday_in(year, born) <= sunday for year in {monday.year, sunday.year})


class OnBirthday:
    """Only around the member's birthday; without a known birthday never."""

    code: ClassVar[str] = "birthday"
    name: ClassVar[Sentence] = Sentence("限生日", "Around the birthday")
    Params: ClassVar[type[msgspec.Struct]] = Window
    needs: ClassVar[frozenset[str]] = frozenset({"profile"})

    def holds(self, params: Window, basis: Basis) -> bool:
        """Whether the business date lies in the window of the member's birthday."""
        born = basis.known.birthday
        return born is not None and in_window(params.window, born, basis.on)

    def sentence(self, params: Window) -> Sentence:
        """The condition in words."""
        en = {"day": "only on the member's birthday", "week": "only in the week of the member's birthday"}
        return Sentence(
            f"仅会员{LABELS[params.window][0]}", en.get(params.window, "only in the month of the member's birthday")
        )
