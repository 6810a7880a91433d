"""The rules of all segments of a merchant, read once for as long as none is reworded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shuke.ground import mirror
from shuke.insight import grammar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.insight.grammar import Node, Slide

REMEMBERED = 200  # merchants


@dataclass(frozen=True, slots=True)
class Read:
    """Trees by slug, why others fail, the lists they speak of, what changes them by time alone; do they speak of echoes?"""

    trees: dict[str, Node]
    failed: dict[str, dict[str, Any]]
    lists: frozenset[str]
    slides: Sequence[Slide]
    hears: bool


_read: dict[int, tuple[Any, Read]] = {}


def rules_of(merchant_id: int, rows: Sequence[Any]) -> Read:
    """What the stored segments of a merchant mean; those that speak of a broken segment are broken too."""
    registry = mirror.declared()
    state = (registry, [(row.slug, row.rule) for row in rows])
    known = _read.pop(merchant_id, None)
    if known is None or known[0] != state:
        trees, failed = _parsed(rows)
        named = frozenset().union(*map(grammar.lists_of, trees.values()))
        hears = any(event.echo and event.name in str(row.rule) for event in registry.events.values() for row in rows)
        known = state, Read(trees, failed, named, grammar.slides(trees.values(), registry), hears)
    _read[merchant_id] = known
    while len(_read) > REMEMBERED:
        del _read[next(iter(_read))]
    return known[1]


def _parsed(rows: Sequence[Any]) -> tuple[dict[str, Node], dict[str, dict[str, Any]]]:
    trees: dict[str, Node] = {}
    failed: dict[str, dict[str, Any]] = {}
    for row in rows:
        try:
            trees[row.slug] = grammar.parse(row.rule, mirror.declared())
        except grammar.BadRule as bad:
            failed[row.slug] = bad.body()
    sound = _sound(trees)
    for slug in set(trees) - sound:
        missing = ", ".join(sorted(grammar.segments_of(trees.pop(slug)) - sound))
        refused = grammar.BadRule(
            "$", f"引用的分群不可用：{missing}。", f"It speaks of segments that fail: {missing}.", "unknown_segment"
        )
        failed[slug] = refused.body()
    return trees, failed


def _sound(trees: dict[str, Node]) -> set[str]:
    """The rules that speak only of rules that can be read, without a circle."""
    sound: set[str] = set()
    while more := {s for s, tree in trees.items() if s not in sound and grammar.segments_of(tree) <= sound}:
        sound |= more
    return sound
