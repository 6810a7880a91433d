"""When a rule applies: one kind, one file."""

from typing import Any

from shuke.kit.kinds import Family
from shuke.programs.earning.conditions.channel import InChannel
from shuke.programs.earning.conditions.store import InStore

CONDITIONS: Family[Any] = Family("condition", "条件", [InChannel(), InStore()])
