"""A rule as a tree: how it is written, what is refused and where, and the sets of members it stands for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.kit import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_canonical = msgspec.json.Encoder(order="deterministic", decimal_format="number")
MAX_DEPTH = 30
MAX_NODES = 500


class BadRule(errors.Refused):
    """This rule cannot be used: {reason_en}"""

    code = "bad_rule"
    http_status = 422
    zh = "这条规则用不了：{reason}"
    cure = "Correct the condition at {path}."
    cure_zh = "请修改 {path} 处的条件。"

    def __init__(self, path: str, reason: str, reason_en: str, code: str | None = None) -> None:
        self.path = path
        if code is not None:
            self.code = code  # type: ignore[misc]
        super().__init__(field="rule", path=path, reason=reason, reason_en=reason_en)

    def body(self) -> dict[str, Any]:
        """The documented error body, with the path of the bad node."""
        return super().body() | {"path": self.path}


@dataclass(frozen=True)
class Leaf:
    """One condition: its kind, its parameters in normal form, where it stood. Equal leaves mean the same question."""

    kind: str
    written: str
    params: Any
    path: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Leaf) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)

    @property
    def key(self) -> str:
        """A short name for the whole condition, for one merchant's zone and facts as they are declared."""
        return hashlib.sha256(self.written.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Group:
    """`all` or `any` of its parts, or `not` of its only one."""

    word: str
    parts: tuple[Node, ...]
    path: str


Node = Leaf | Group


def written(raw: Any) -> str:
    """The canonical text of a piece of a rule."""
    return _canonical.encode(raw).decode()


def leaf(kind: str, raw: dict[str, Any], params: Any, path: str) -> Leaf:
    """A condition from its normalised JSON."""
    return Leaf(kind, written(raw), params, path)


def parse(raw: Any, leaf_of: Callable[[dict[str, Any], str], Leaf], at: str = "$") -> Node:
    """A tree from JSON; `leaf_of(node, path)` reads the conditions, `at` is where it stands.

    Raises `BadRule` with the path of the bad node.
    """
    count = 0

    def walk(node: Any, path: str, depth: int) -> Node:
        nonlocal count
        count += 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise BadRule(path, "规则太大。", "The rule is too large.", "rule_too_large")
        if not isinstance(node, dict) or not node:
            raise BadRule(path, "这里应当是一个条件。", "A condition is expected here.", "not_a_condition")
        word = next((word for word in ("all", "any", "not") if word in node), None)
        if word is None:
            return leaf_of(node, path)
        if len(node) != 1:
            raise BadRule(path, f"「{word}」旁边不能再写别的。", f'Nothing may stand beside "{word}".', "unknown_field")
        if word == "not":
            return Group("not", (walk(node["not"], f"{path}.not", depth + 1),), path)
        parts = node[word]
        if not isinstance(parts, list) or not parts:
            raise BadRule(path, "空的条件组没有意义，请加一个条件。", "An empty group means nothing.", "empty_group")
        return Group(word, tuple(walk(part, f"{path}.{word}[{n}]", depth + 1) for n, part in enumerate(parts)), path)

    return walk(raw, at, 0)


def leaves(node: Node) -> Iterator[Leaf]:
    """All conditions of a tree, as often as they stand there."""
    if isinstance(node, Leaf):
        yield node
    else:
        for part in node.parts:
            yield from leaves(part)


def nodes(node: Node) -> Iterator[Node]:
    """All nodes, parents first."""
    yield node
    if isinstance(node, Group):
        for part in node.parts:
            yield from nodes(part)


def evaluate(node: Node, everyone: Any, of_leaf: Callable[[Leaf], Any]) -> Any:
    """The members of a tree by set algebra; `of_leaf` gives a set within `everyone`. Works on sets and on bitmaps."""
    if isinstance(node, Leaf):
        return of_leaf(node)
    members = [evaluate(part, everyone, of_leaf) for part in node.parts]
    if node.word == "not":
        return everyone - members[0]
    result = members[0]
    for other in members[1:]:
        result = result & other if node.word == "all" else result | other
    return result


def fields(node: dict[str, Any], path: str, needed: set[str], allowed: set[str]) -> None:
    """Refuse unknown and missing fields of a node."""
    unknown = sorted(set(node) - needed - allowed)
    if unknown:
        raise BadRule(
            path, f"不认识的字段：{', '.join(unknown)}。", f"Unknown field: {', '.join(unknown)}.", "unknown_field"
        )
    missing = sorted(needed - set(node))
    if missing:
        raise BadRule(
            path, f"缺少字段：{', '.join(missing)}。", f"Missing field: {', '.join(missing)}.", "missing_field"
        )
