"""`list`: on a list that somebody imported or kept as a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.insight.grammar.policy.rules import BadRule, Leaf, fields, leaf

if TYPE_CHECKING:
    from shuke.ground.mirror import Moment, Registry
    from shuke.insight.grammar.policy.world import World

CODE = "list"
NAME = ("在名单里", "On a list")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["list"],
    "properties": {"list": {"type": "string", "title": "List", "x-zh": "名单", "x-source": "lists"}},
}


def parse(node: dict[str, Any], path: str, _: Registry) -> Leaf:
    """A condition from JSON, or a refusal with its path."""
    fields(node, path, {"list"}, set())
    slug = node["list"]
    if not isinstance(slug, str) or not slug:
        raise BadRule(f"{path}.list", "要写名单的代号。", "The slug of a list is expected.", "wrong_type")
    return leaf(CODE, {"list": slug}, slug, path)


def holding(leaf_: Leaf, moment: Moment, _: Registry, world: World) -> set[int]:
    """Who stands on it, as far as they are of the population."""
    return world.lists.get(leaf_.params, set()) & world.population(moment)


def sentence(leaf_: Leaf) -> tuple[str, str]:
    """As an operator would say it."""
    return f"在名单「{leaf_.params}」里", f'on the list "{leaf_.params}"'
