"""It happened between two times of the day."""

from functools import lru_cache
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked

_CLOCK = Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a time up to, but not at, another; past midnight where the end is the earlier one."""

    begins: Annotated[str, asked("从（时:分）", "From (hh:mm)"), _CLOCK] = "14:00"
    ends: Annotated[str, asked("到（时:分）", "To (hh:mm)"), _CLOCK] = "17:00"


class AtTimeOfDay:
    """Only at these hours on the merchant's clock."""

    code: ClassVar[str] = "time_of_day"
    name: ClassVar[Sentence] = Sentence("限时段", "At hours of the day")
    Params: ClassVar[type[msgspec.Struct]] = Hours

    def holds(self, params: Hours, basis: Basis) -> bool:
        """Whether the local time lies between them."""
        local = basis.local
        minute, begins, ends = local.hour * 60 + local.minute, _minutes(params.begins), _minutes(params.ends)
        return begins <= minute < ends if begins < ends else minute >= begins or minute < ends

    def sentence(self, params: Hours) -> Sentence:
        """The condition in words."""
        next_zh, next_en = ("次日 ", " the next day") if params.ends <= params.begins else ("", "")
        return Sentence(
            f"仅 {params.begins} 到{next_zh or ' '}{params.ends}",
            f"only from {params.begins} to {params.ends}{next_en}",
        )


@lru_cache(maxsize=1440)
def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])
