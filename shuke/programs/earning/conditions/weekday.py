"""It happened on one of these days of the week."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked

NAMES = {
    1: ("周一", "Monday"), 2: ("周二", "Tuesday"), 3: ("周三", "Wednesday"), 4: ("周四", "Thursday"),
    5: ("周五", "Friday"), 6: ("周六", "Saturday"), 7: ("周日", "Sunday"),
}  # fmt: skip


class Weekdays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days of the week, Monday is 1."""

    weekdays: Annotated[
        tuple[Literal[1, 2, 3, 4, 5, 6, 7], ...], asked("星期几", "Days", labels=NAMES), Meta(min_length=1)
    ] = (6, 7)


class OnWeekday:
    """Only on these days of the week, by the merchant's business date."""

    code: ClassVar[str] = "weekday"
    name: ClassVar[Sentence] = Sentence("限星期", "On days of the week")
    Params: ClassVar[type[msgspec.Struct]] = Weekdays
    dated: ClassVar[bool] = True

    def holds(self, params: Weekdays, basis: Basis) -> bool:
        """Whether the business date is such a day."""
        return basis.on.isoweekday() in params.weekdays

    def sentence(self, params: Weekdays) -> Sentence:
        """The condition in words."""
        days = sorted(set(params.weekdays))
        if days == [6, 7]:
            return Sentence("仅周末", "only at weekends")
        return Sentence(
            "仅" + "、".join(NAMES[day][0] for day in days), "only on " + ", ".join(NAMES[day][1] for day in days)
        )
