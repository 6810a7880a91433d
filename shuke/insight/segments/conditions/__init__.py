"""The kinds of conditions, one file each, in the order in which the console offers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.insight.segments.conditions import attr, bucket, did, listed, segment
from shuke.insight.segments.policy import rules

if TYPE_CHECKING:
    from types import ModuleType

    from shuke.ground.mirror import Registry
    from shuke.insight.segments.policy.rules import Leaf, Node

KINDS: dict[str, ModuleType] = {kind.CODE: kind for kind in (attr, did, segment, listed, bucket)}


def parse(raw: Any, registry: Registry) -> Node:
    """A rule from JSON in normal form. Raises `BadRule` with the path of the bad node."""

    def leaf_of(node: dict[str, Any], path: str) -> Leaf:
        for code, kind in KINDS.items():
            if code in node:
                return kind.parse(node, path, registry)
        known = ", ".join([*KINDS, "all", "any", "not"])
        raise rules.BadRule(
            path, f"不认识这种条件({', '.join(map(str, node))})。", f"Unknown condition; known are: {known}.",
            "unknown_condition",
        )  # fmt: skip

    return rules.parse(raw, leaf_of)


def kind_of(leaf: Leaf) -> ModuleType:
    """The file that knows this condition."""
    return KINDS[leaf.kind]
