"""`segment`: belongs to another segment, by membership."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.insight.grammar.policy.rules import BadRule, Leaf, fields, leaf

if TYPE_CHECKING:
    from shuke.ground.mirror import Moment, Registry
    from shuke.insight.grammar.policy.world import World

CODE = "segment"
NAME = ("属于分群", "In a segment")
PLAN = "membership"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["segment"],
    "properties": {"segment": {"type": "string", "title": "Segment", "x-zh": "分群", "x-source": "segments"}},
}


def parse(node: dict[str, Any], path: str, _: Registry) -> Leaf:
    """A condition from JSON, or a refusal with its path."""
    fields(node, path, {"segment"}, set())
    slug = node["segment"]
    if not isinstance(slug, str) or not slug:
        raise BadRule(f"{path}.segment", "要写分群的代号。", "The slug of a segment is expected.", "wrong_type")
    return leaf(CODE, {"segment": slug}, slug, path)


def holding(leaf_: Leaf, moment: Moment, _: Registry, world: World) -> set[int]:
    """Its members, as far as they are of the population."""
    return world.segments.get(leaf_.params, set()) & world.population(moment)


def sentence(leaf_: Leaf) -> tuple[str, str]:
    """As an operator would say it."""
    return f"属于分群「{leaf_.params}」", f'in segment "{leaf_.params}"'
