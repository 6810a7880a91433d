"""How wordings of a rule differ: in words, in the text people type, and by who enters and leaves."""

from __future__ import annotations

import difflib
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import mirror
from shuke.insight import grammar, segments
from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shuke.ground.mirror import Mirror
    from shuke.insight.grammar import Names, Node
    from shuke.kit.db import Tx


class Line(msgspec.Struct, frozen=True):
    """One line of the text of two rules: `mark` is "-" where only the earlier has it, "+" where only the later, else " "."""

    mark: str
    text: str


class Differences(msgspec.Struct, frozen=True):
    """Conditions that went and came, and the lines of the text; `regrouped` where only their order or grouping changed."""

    gone: list[Sentence]
    new: list[Sentence]
    regrouped: bool
    lines: list[Line]


class Wording(msgspec.Struct, frozen=True):
    """One version: the rule in words and as text, how it differs from the one before, and what it did when it took over.

    `entered` and `left` are None while it was never counted. A rule that can no longer be read has no sentence.
    """

    version: int
    created_at: datetime
    created_by: str
    sentence: Sentence | None
    text: str
    differences: Differences | None
    entered: int | None
    left: int | None
    size: int | None


class Effect(msgspec.Struct, frozen=True):
    """What saving another rule would do: the differences, who would enter and leave, and the size before and after."""

    differences: Differences
    entering: int
    leaving: int
    before: int
    after: int


async def wordings(tx: Tx, slug: str) -> list[Wording]:
    """All versions, the newest first; a constant number of statements. Refuses `NoSuchSegment`."""
    rows = await segments.versions(tx, (await segments.get_segment(tx, slug)).segment_id)
    names = await grammar.names_in(tx, [row.rule for row in rows])
    trees = [_tree(row.rule) for row in rows]
    told = []
    for row, tree, older in zip(rows, trees, [*rows[1:], None], strict=True):
        earlier = None if older is None else _tree(older.rule)
        known = older is not None and tree is not None and earlier is not None
        told.append(
            Wording(
                row.version, row.created_at, row.created_by,
                None if tree is None else grammar.said(tree, names, mirror.declared()), _text(row.rule),
                _differences(earlier, tree, (older.rule, row.rule), names) if known else None,
                row.entered, row.left, row.size,
            )
        )  # fmt: skip
    return told


async def effect(tx: Tx, opened: Mirror, slug: str, rule: Any, at: datetime) -> Effect:
    """What another rule would change, both counted at the same instant. Refuses `NoSuchSegment` and `BadRule`."""
    stored = (await segments.get_segment(tx, slug)).rule
    before, after = segments.parsed(stored), segments.parsed(rule)
    names = await grammar.names_in(tx, [stored, rule])
    answer = await segments.ask(tx, opened, [before, after], at)
    now, then = answer.members(before), answer.members(after)
    return Effect(
        _differences(before, after, (stored, rule), names), len(then - now), len(now - then), len(now), len(then)
    )


def _tree(rule: Any) -> Node | None:
    try:
        return segments.parsed(rule)
    except grammar.BadRule:
        return None


def _text(rule: Any) -> str:
    try:
        return grammar.write(rule)
    except grammar.BadRule:
        return ""


def _differences(before: Any, after: Any, rules: tuple[Any, Any], names: Names) -> Differences:
    """Conditions are the same where they ask the same and stand under as many negations, odd or even."""
    old, new = Counter(_conditions(before)), Counter(_conditions(after))
    earlier, later = (_text(rule).splitlines() for rule in rules)
    lines = [Line(line[0], line[2:]) for line in difflib.ndiff(earlier, later) if line[0] != "?"]
    return Differences(
        [_said(*one, names) for one in (old - new).elements()],
        [_said(*one, names) for one in (new - old).elements()],
        old == new and any(line.mark != " " for line in lines),
        lines,
    )


def _conditions(node: Node, denied: bool = False) -> Iterator[tuple[grammar.Leaf, bool]]:
    if isinstance(node, grammar.Leaf):
        yield node, denied
        return
    for part in node.parts:
        yield from _conditions(part, denied != (node.word == "not"))


def _said(leaf: grammar.Leaf, denied: bool, names: Names) -> Sentence:
    told = grammar.said(leaf, names, mirror.declared())
    return Sentence(f"不满足（{told.zh}）", f"not ({told.en})") if denied else told
