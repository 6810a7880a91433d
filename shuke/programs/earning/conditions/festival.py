"""It happened on a festival, or some days before or after it.

Lunar festivals and 清明 are dated for 2024–2030 from the calendar of the Purple Mountain Observatory (GB/T 33661-2017); where no
date is tabled nothing holds, so that no rule gives on a guessed day.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked

FIRST, LAST = 2024, 2030
LUNAR = {
    "spring_festival": ("02-10", "01-29", "02-17", "02-06", "01-26", "02-13", "02-03"),
    "lantern_festival": ("02-24", "02-12", "03-03", "02-20", "02-09", "02-27", "02-17"),
    "qingming": ("04-04", "04-04", "04-05", "04-05", "04-04", "04-04", "04-05"),
    "dragon_boat": ("06-10", "05-31", "06-19", "06-09", "05-28", "06-16", "06-05"),
    "qixi": ("08-10", "08-29", "08-19", "08-08", "08-26", "08-16", "08-05"),
    "mid_autumn": ("09-17", "10-06", "09-25", "09-15", "10-03", "09-22", "09-12"),
    "double_ninth": ("10-11", "10-29", "10-18", "10-08", "10-26", "10-16", "10-05"),
}
FIXED = {
    "new_year": (1, 1), "valentine": (2, 14), "womens_day": (3, 8), "labour_day": (5, 1), "may_20": (5, 20),
    "childrens_day": (6, 1), "june_18": (6, 18), "teachers_day": (9, 10), "national_day": (10, 1), "double_11": (11, 11),
    "double_12": (12, 12), "christmas": (12, 25),
}  # fmt: skip
NTH = {"mothers_day": (5, 6, 2), "fathers_day": (6, 6, 3), "thanksgiving": (11, 3, 4)}
"""Month, weekday (Monday 0) and which one: the second Sunday in May, the third in June, the fourth Thursday in November."""
NAMES = {
    "new_year": ("元旦", "New Year"), "spring_festival": ("春节", "Spring Festival"),
    "lantern_festival": ("元宵节", "Lantern Festival"), "valentine": ("情人节", "Valentine's Day"),
    "womens_day": ("妇女节", "Women's Day"), "qingming": ("清明节", "Qingming"), "labour_day": ("劳动节", "Labour Day"),
    "mothers_day": ("母亲节", "Mother's Day"), "may_20": ("520", "May 20"), "childrens_day": ("儿童节", "Children's Day"),
    "dragon_boat": ("端午节", "Dragon Boat Festival"), "june_18": ("618", "618"), "fathers_day": ("父亲节", "Father's Day"),
    "qixi": ("七夕", "Qixi"), "teachers_day": ("教师节", "Teachers' Day"), "mid_autumn": ("中秋节", "Mid-Autumn"),
    "national_day": ("国庆节", "National Day"), "double_ninth": ("重阳节", "Double Ninth"), "double_11": ("双11", "Double 11"),
    "thanksgiving": ("感恩节", "Thanksgiving"), "double_12": ("双12", "Double 12"), "christmas": ("圣诞节", "Christmas"),
}  # fmt: skip
Festival = Literal[
    "new_year", "spring_festival", "lantern_festival", "valentine", "womens_day", "qingming", "labour_day", "mothers_day",
    "may_20", "childrens_day", "dragon_boat", "june_18", "fathers_day", "qixi", "teachers_day", "mid_autumn",
    "national_day", "double_ninth", "double_11", "thanksgiving", "double_12", "christmas",
]  # fmt: skip


class Festivals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which festivals, and how many days before and after count too."""

    festivals: Annotated[list[Festival], asked("节日", "Festivals", labels=NAMES), Meta(min_length=1)]
    days_before: Annotated[int, asked("提前几天开始", "Days before", unit="days", ge=0, le=30)] = 0
    days_after: Annotated[int, asked("延后几天结束", "Days after", unit="days", ge=0, le=30)] = 0


@lru_cache(maxsize=1024)
def day_of(festival: str, year: int) -> date | None:
    """The date of a festival in a year; None where no date is tabled."""
    if festival in LUNAR:
        if not FIRST <= year <= LAST:
            return None
        return date.fromisoformat(f"{year}-{LUNAR[festival][year - FIRST]}")
    if festival in NTH:
        month, weekday, which = NTH[festival]
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))
    return date(year, *FIXED[festival])


@lru_cache(maxsize=4096)
def _falls(festivals: tuple[str, ...], before: int, after: int, day: date) -> bool:
    found = (day_of(one, year) for one in festivals for year in (day.year - 1, day.year, day.year + 1))
    return any(feast is not None and -before <= (day - feast).days <= after for feast in found)


class OnFestival:
    """Only on festivals, by the merchant's business date."""

    code: ClassVar[str] = "festival"
    name: ClassVar[Sentence] = Sentence("限节日", "On festivals")
    Params: ClassVar[type[msgspec.Struct]] = Festivals
    dated: ClassVar[bool] = True

    def holds(self, params: Festivals, basis: Basis) -> bool:
        """Whether the business date is one of them, or near enough; over New Year too."""
        return _falls(tuple(params.festivals), params.days_before, params.days_after, basis.on)

    def sentence(self, params: Festivals) -> Sentence:
        """The condition in words."""
        zh = "仅" + "、".join(NAMES[one][0] for one in params.festivals)
        en = "only on " + ", ".join(NAMES[one][1] for one in params.festivals)
        near = [(params.days_before, "前", "before"), (params.days_after, "后", "after")]
        near_zh = [f"{side} {days} 天" for days, side, _ in near if days]
        near_en = [f"{days} day{'' if days == 1 else 's'} {side}" for days, _, side in near if days]
        if near_zh:
            zh, en = f"{zh}（含{'、'.join(near_zh)}）", f"{en} (and {', '.join(near_en)})"
        return Sentence(zh, en)
