"""The kinds of conditions, one file each, in the order in which the console offers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.insight.segments.conditions import attr, bucket, did, segment
from shuke.insight.segments.policy import rules

if TYPE_CHECKING:
    from types import ModuleType

    from shuke.ground.mirror import Registry
    from shuke.insight.segments.policy.rules import Leaf, Node

KINDS: dict[str, ModuleType] = {kind.CODE: kind for kind in (attr, did, segment, bucket)}


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


def sentence(node: Node, inner: bool = False) -> tuple[str, str]:
    """A whole rule as an operator would say it, in Chinese and English."""
    if isinstance(node, rules.Leaf):
        return kind_of(node).sentence(node)
    said = [sentence(part, inner=True) for part in node.parts]
    if node.word == "not":
        return f"不满足（{said[0][0]}）", f"not ({said[0][1]})"
    zh, en = {"all": ("，并且", " and "), "any": ("，或者", " or ")}[node.word]
    joined = zh.join(one for one, _ in said), en.join(one for _, one in said)
    return (f"({joined[0]})", f"({joined[1]})") if inner and len(said) > 1 else joined


def segments_of(node: Node) -> set[str]:
    """The other segments a rule speaks of."""
    return {leaf.params for leaf in rules.leaves(node) if leaf.kind == segment.CODE}


def describe() -> list[dict[str, Any]]:
    """Code, name and JSON Schema of every kind: what the console draws forms from."""
    return [
        {"code": code, "name": {"zh": kind.NAME[0], "en": kind.NAME[1]}, "schema": kind.SCHEMA}
        for code, kind in KINDS.items()
    ]
