"""It happened on one of these days of the month: the member day."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked

Day = Literal[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
]  # fmt: skip


class Days(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days of the month, 1 to 31; a month without that day has none."""

    days: Annotated[tuple[Day, ...], asked("每月几号", "Days of the month"), Meta(min_length=1, max_length=31)] = (8,)


class OnDayOfMonth:
    """Only on these days of every month, such as the member day on the 8th."""

    code: ClassVar[str] = "day_of_month"
    name: ClassVar[Sentence] = Sentence("限每月几号", "On days of the month")
    Params: ClassVar[type[msgspec.Struct]] = Days
    dated: ClassVar[bool] = True

    def holds(self, params: Days, basis: Basis) -> bool:
        """Whether the business date is such a day."""
        return basis.on.day in params.days

    def sentence(self, params: Days) -> Sentence:
        """The condition in words."""
        days = [str(day) for day in sorted(set(params.days))]
        return Sentence(f"仅每月 {'、'.join(days)} 号", f"only on day {', '.join(days)} of the month")
