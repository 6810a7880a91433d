"""The members' life in six stages: segments of one set of limits, each member with an order in exactly one."""

from shuke.insight.lifecycle.actions import put
from shuke.insight.lifecycle.policy import DEFAULT, KEYS, SLUGS, STAGES, BadLimits, Limits
from shuke.insight.lifecycle.queries import Life, StageShape, find, sizes, worded

__all__ = [
    "DEFAULT", "KEYS", "SLUGS", "STAGES", "BadLimits", "Life", "Limits", "StageShape", "find", "put", "sizes", "worded",
]  # fmt: skip
