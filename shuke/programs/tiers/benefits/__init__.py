"""The closed list of what a level can bring, one kind a file."""

from __future__ import annotations

from typing import Any

from shuke.kit.kinds import Family, Sentence
from shuke.programs.tiers.benefits.birthday_gift import BirthdayGift
from shuke.programs.tiers.benefits.free_delivery import FreeDelivery
from shuke.programs.tiers.benefits.kind import BenefitKind
from shuke.programs.tiers.benefits.multiplier import Multiplier
from shuke.programs.tiers.benefits.priority_booking import PriorityBooking
from shuke.programs.tiers.benefits.own_desk import ServiceDesk
from shuke.programs.tiers.benefits.upgrade_gift import UpgradeGift
from shuke.programs.tiers.policy import Benefit, Level

benefits: Family[BenefitKind] = Family(
    "benefit",
    "等级权益",
    [Multiplier(), BirthdayGift(), UpgradeGift(), PriorityBooking(), FreeDelivery(), ServiceDesk()],
)


def of_level(level: Level) -> list[Benefit]:
    """Everything a level brings; its multiplier, which earning reads every second, is one of them."""
    faster = [Benefit(kind=Multiplier.code, params={"percent": level.multiplier_percent})]
    return [*(faster if level.multiplier_percent != 100 else []), *level.benefits]


def sentences(level: Level) -> list[Sentence]:
    """What a level brings, in words."""
    return [benefits.get(one.kind).sentence(benefits.parameters(one.kind, one.params)) for one in of_level(level)]


def brought(level: Level, code: str) -> list[Any]:
    """The typed parameters of a level's benefits of one kind."""
    return [benefits.parameters(one.kind, one.params) for one in level.benefits if one.kind == code]


__all__ = ["BenefitKind", "BirthdayGift", "Multiplier", "UpgradeGift", "benefits", "brought", "of_level", "sentences"]
