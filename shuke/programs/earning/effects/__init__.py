"""The ways an order can earn: one kind, one file."""

from typing import Any

from shuke.kit.kinds import Family
from shuke.programs.earning.effects.spend_rate import SpendRate

EFFECTS: Family[Any] = Family("earning rule", "积分规则", [SpendRate()])
BY_CODE = {kind.code: kind for kind in EFFECTS}
