"""The ways to earn: one kind, one file."""

from typing import Any

from shuke.kit.kinds import Family
from shuke.programs.earning.effects.custom_event import CustomEvent
from shuke.programs.earning.effects.event_bonus import EventBonus
from shuke.programs.earning.effects.event_then_order import EventThenOrder
from shuke.programs.earning.effects.first_order import FirstOrder
from shuke.programs.earning.effects.multiplier import Multiplier
from shuke.programs.earning.effects.nth_order import NthOrderBonus
from shuke.programs.earning.effects.order_bonus import OrderBonus
from shuke.programs.earning.effects.product_bonus import ProductBonus
from shuke.programs.earning.effects.sign_up import SignUp
from shuke.programs.earning.effects.spend_ladder import SpendLadder
from shuke.programs.earning.effects.spend_rate import SpendRate

EFFECTS: Family[Any] = Family(
    "earning rule", "积分规则",
    [SpendRate(), SpendLadder(), Multiplier(), ProductBonus(), OrderBonus(), SignUp(), FirstOrder(), NthOrderBonus(),
     EventBonus(), EventThenOrder(), CustomEvent()],
)  # fmt: skip
BY_CODE = {kind.code: kind for kind in EFFECTS}
