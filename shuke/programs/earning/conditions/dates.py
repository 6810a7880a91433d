"""It happened on one of these dates."""

from datetime import date
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked


class Dates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The dates themselves, in the merchant's zone; at least one."""

    dates: Annotated[
        list[date], asked("日期（年-月-日）", "Dates (year-month-day)"), Meta(min_length=1, max_length=366)
    ]


class OnDates:
    """Only on these dates."""

    code: ClassVar[str] = "dates"
    name: ClassVar[Sentence] = Sentence("限日期", "On certain dates")
    Params: ClassVar[type[msgspec.Struct]] = Dates
    dated: ClassVar[bool] = True

    def holds(self, params: Dates, basis: Basis) -> bool:
        """Whether the business date is one of them."""
        return basis.on in params.dates

    def sentence(self, params: Dates) -> Sentence:
        """The condition in words."""
        days = [day.isoformat() for day in sorted(params.dates)]
        return Sentence("仅限 " + "、".join(days), "only on " + ", ".join(days))
