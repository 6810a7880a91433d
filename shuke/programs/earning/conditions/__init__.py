"""When a rule applies: one kind, one file."""

from shuke.kit.kinds import Family
from shuke.programs.earning.conditions.channel import InChannel
from shuke.programs.earning.conditions.store import InStore

CONDITIONS = Family("condition", "条件", [InChannel(), InStore()])
