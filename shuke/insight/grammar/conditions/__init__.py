"""The kinds of conditions, one file each, in the order in which the console offers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from shuke.insight.grammar.conditions import attr, bucket, did, rank, segment, sequence, static_list, tag
from shuke.insight.grammar.policy import rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from shuke.ground.mirror import Moment, Registry
    from shuke.insight.grammar.policy.rules import Leaf, Node
    from shuke.insight.grammar.policy.world import World

KINDS: dict[str, ModuleType] = {
    kind.CODE: kind for kind in (attr, did, sequence, rank, segment, static_list, tag, bucket)
}
MEMBERSHIP = (segment.CODE, static_list.CODE)  # answered by who belongs, not by the mirror


def parse(raw: Any, registry: Registry) -> Node:
    """A rule from JSON in normal form. Raises `BadRule` with the path of the bad node."""

    def leaf_of(node: dict[str, Any], path: str) -> Leaf:
        if rank.CODE in node:
            return rank.parse(node, path, registry, among)
        for code, kind in KINDS.items():
            if code in node:
                return kind.parse(node, path, registry)
        known = ", ".join([*KINDS, "all", "any", "not"])
        raise rules.BadRule(
            path, f"不认识这种条件({', '.join(map(str, node))})。", f"Unknown condition; known are: {known}.",
            "unknown_condition",
        )  # fmt: skip

    def among(inner: Any, path: str) -> Node:
        tree = rules.parse(inner, leaf_of, path)
        nested = next((leaf for leaf in rules.leaves(tree) if leaf.kind == rank.CODE), None)
        if nested is not None:
            raise rules.BadRule(
                nested.path, "排名的范围里不能再有排名。", "A ranking cannot be among a ranking.", "wrong_value"
            )
        return tree

    return rules.parse(raw, leaf_of)


def leaves(node: Node) -> Iterator[Leaf]:
    """All conditions of a tree with those that say among whom is ranked; what is ranked among comes first."""
    for leaf in rules.leaves(node):
        if leaf.kind == rank.CODE and leaf.params.among is not None:
            yield from rules.leaves(leaf.params.among)
        yield leaf


def holding(leaf: Leaf, moment: Moment, registry: Registry, world: World) -> set[int]:
    """The members for whom a condition holds, in plain Python."""
    if leaf.kind != rank.CODE:
        return kind_of(leaf).holding(leaf, moment, registry, world)

    def among(tree: Node) -> set[int]:
        return rules.evaluate(tree, world.population(moment), lambda one: holding(one, moment, registry, world))

    return rank.holding(leaf, moment, registry, world, among)


def kind_of(leaf: Leaf) -> ModuleType:
    """The file that knows this condition."""
    return KINDS[leaf.kind]


def sentence(node: Node, inner: bool = False) -> tuple[str, str]:
    """A whole rule as an operator would say it, in Chinese and English."""
    if isinstance(node, rules.Leaf):
        return rank.sentence(node, sentence) if node.kind == rank.CODE else kind_of(node).sentence(node)
    said = [sentence(part, inner=True) for part in node.parts]
    if node.word == "not":
        return f"不满足（{said[0][0]}）", f"not ({said[0][1]})"
    zh, en = {"all": ("，并且", " and "), "any": ("，或者", " or ")}[node.word]
    joined = zh.join(one for one, _ in said), en.join(one for _, one in said)
    return (f"（{joined[0]}）", f"({joined[1]})") if inner and len(said) > 1 else joined


def segments_of(node: Node) -> set[str]:
    """The other segments a rule speaks of."""
    return {leaf.params for leaf in leaves(node) if leaf.kind == segment.CODE}


def lists_of(node: Node) -> set[str]:
    """The lists a rule speaks of."""
    return {leaf.params for leaf in leaves(node) if leaf.kind == static_list.CODE}


def tags_of(node: Node) -> Iterator[tuple[str, str]]:
    """The tags a rule asks for, by condition or by the fact's name, each with the path where it is named."""
    for leaf in leaves(node):
        raw = msgspec.json.decode(leaf.written)
        named = raw.get("tag") if leaf.kind == tag.CODE else raw.get("attr")
        if leaf.kind == tag.CODE:
            yield f"{leaf.path}.tag", named
        elif leaf.kind == attr.CODE and isinstance(named, str) and named.startswith(attr.TAG):
            yield f"{leaf.path}.attr", named.removeprefix(attr.TAG)


def offers_of(node: Node) -> Iterator[tuple[str, str]]:
    """The offers whose price a rule asks about, each with the path where it is named."""
    for leaf in leaves(node):
        if leaf.kind == attr.CODE and (named := attr.offer_of(leaf)):
            yield f"{leaf.path}.args.{named[0]}", named[1]


def describe() -> list[dict[str, Any]]:
    """Code, name and JSON Schema of every kind: what the console draws forms from."""
    return [
        {"code": code, "name": {"zh": kind.NAME[0], "en": kind.NAME[1]}, "schema": kind.SCHEMA}
        for code, kind in KINDS.items()
    ]
