"""`tag`: wears a tag, by hand, by rule or by model: the fact `tag:<slug>`, which the room of tags keeps, has a value."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from shuke.insight.grammar.conditions import attr
from shuke.insight.grammar.policy.rules import BadRule, Leaf, fields, leaf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shuke.ground.mirror import Moment, Registry
    from shuke.insight.grammar.policy.plans import Plan
    from shuke.insight.grammar.policy.world import World

CODE = "tag"
NAME = ("有标签", "Has a tag")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["tag"],
    "properties": {"tag": {"type": "string", "title": "Tag", "x-zh": "标签", "x-source": "tags"}},
}


def parse(node: dict[str, Any], path: str, registry: Registry) -> Leaf:
    """A condition from JSON, or a refusal with its path."""
    fields(node, path, {"tag"}, set())
    slug = node["tag"]
    if not isinstance(slug, str) or not slug:
        raise BadRule(f"{path}.tag", "要写标签的代号。", "The slug of a tag is expected.", "wrong_type")
    same = attr.parse({"attr": f"{attr.TAG}{slug}", "op": "exists"}, path, registry)
    return leaf(CODE, {"tag": slug}, same, path)


def plan(leaf_: Leaf, moment: Moment, registry: Registry) -> Plan:
    """How the engine answers it."""
    return attr.plan(leaf_.params, moment, registry)


def holding(leaf_: Leaf, moment: Moment, registry: Registry, world: World) -> set[int]:
    """The same in plain Python."""
    return attr.holding(leaf_.params, moment, registry, world)


def sentence(leaf_: Leaf) -> tuple[str, str]:
    """As an operator would say it."""
    name = leaf_.params.params.fact.name.removeprefix(attr.TAG)
    return f"有标签「{name}」", f'has the tag "{name}"'


def unknown_tag(path: str, slug: str, there: Mapping[str, str]) -> BadRule:
    """Nobody made this tag: a refusal with those called alike, or else the first of those there are (names by slug)."""
    words = {word: key for key, name in there.items() for word in (key, name)}
    near = list(dict.fromkeys(words[word] for word in difflib.get_close_matches(slug, words, 5, 0.5)))
    listed = [f"{there[key]} ({key})" for key in near or list(there)[:20]]
    zh, en = f"没有标签「{slug}」，请先新建标签。", f'There is no tag "{slug}"; make one first.'
    if listed:
        zh = f"没有标签「{slug}」，{'相近的' if near else '现有'}：{'、'.join(listed)}。"
        en = f'There is no tag "{slug}"; {"near it" if near else "there are"}: {", ".join(listed)}.'
    return BadRule(path, zh, en, "unknown_tag")
