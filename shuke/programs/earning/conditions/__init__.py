"""When a rule applies: one kind, one file."""

from typing import Any

from shuke.kit.kinds import Family
from shuke.programs.earning.conditions.amount import OfAmount
from shuke.programs.earning.conditions.birthday import OnBirthday
from shuke.programs.earning.conditions.channel import InChannel
from shuke.programs.earning.conditions.dates import OnDates
from shuke.programs.earning.conditions.day_of_month import OnDayOfMonth
from shuke.programs.earning.conditions.festival import OnFestival
from shuke.programs.earning.conditions.member_age import OfMemberAge
from shuke.programs.earning.conditions.nth_order import NthOrder
from shuke.programs.earning.conditions.payment import PaidBy
from shuke.programs.earning.conditions.product import WithProduct
from shuke.programs.earning.conditions.segment import InSegment
from shuke.programs.earning.conditions.store import InStore
from shuke.programs.earning.conditions.tier import OnTier
from shuke.programs.earning.conditions.time_of_day import AtTimeOfDay
from shuke.programs.earning.conditions.weekday import OnWeekday

CONDITIONS: Family[Any] = Family(
    "condition", "条件",
    [OfAmount(), OnWeekday(), OnDayOfMonth(), OnDates(), OnFestival(), AtTimeOfDay(), OnBirthday(), OnTier(), InSegment(),
     InChannel(), InStore(), WithProduct(), NthOrder(), OfMemberAge(), PaidBy()],
)  # fmt: skip
