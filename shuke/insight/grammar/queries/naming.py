"""What people call the segments, lists, tags and offers a rule speaks of, and rules said with those names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import members
from shuke.insight.grammar import conditions
from shuke.insight.grammar.conditions import attr
from shuke.insight.grammar.policy.rules import Leaf
from shuke.kit import references
from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from shuke.ground.mirror import Registry
    from shuke.insight.grammar.policy.rules import Node
    from shuke.kit.db import Tx

NAMED = ("segment", "list", "tag", "offer")  # as a condition, or as the property of an event
IN_EVENTS = (*NAMED, "store")
FACTS = {attr.TAG: "tag", attr.TAG_GROUP: "tag_group", attr.LADDER: "ladder"}  # facts about what a merchant makes
Names = Mapping[str, Mapping[str, str | Sentence]]


async def names_in(tx: Tx, rules: Any) -> Names:
    """The names of all that rules (JSON) speak of, by kind and slug; one statement for each kind they speak of."""
    asked: dict[str, set[str]] = {}

    def note(kind: str, slug: str) -> str:
        asked.setdefault(kind, set()).add(slug)
        return slug

    _renamed(rules, note)
    return await references.names(tx, asked)


def said(node: Node, names: Names, registry: Registry) -> Sentence:
    """A rule in words, with names where they are known and slugs where not."""
    if not names:
        return Sentence(*conditions.sentence(node))
    raw = _raw(node)

    def tree(text_of: Callable[[Sentence], str]) -> Node:
        def call(kind: str, slug: str) -> str:
            name = names.get(kind, {}).get(slug)
            return name or slug if isinstance(name, str | None) else text_of(name)

        return conditions.parse(_renamed(raw, call), registry)

    zh, _ = conditions.sentence(tree(lambda name: name.zh))
    _, en = conditions.sentence(tree(lambda name: name.en))
    return Sentence(zh, en)


async def with_titles(tx: Tx, facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The facts of a vocabulary, without attributes that were given up, those about tags and ladders with their names in their
    titles; a statement for each kind, and one more."""
    gone = await members.given_up(tx)
    facts = [one for one in facts if one["name"] not in gone]
    parts = {one["name"]: found for one in facts if (found := _fact(one["name"]))}
    asked: dict[str, list[str]] = {}
    for kind, slug in parts.values():
        asked.setdefault(kind, []).append(slug)
    names = await references.names(tx, asked)

    def title(name: str) -> dict[str, str]:
        kind, slug = parts[name]
        called = names.get(kind, {}).get(slug, slug)
        both = called if isinstance(called, Sentence) else Sentence(called, called)
        zh, en = (attr.of_made(name.removesuffix(slug) + one) for one in (both.zh, both.en))
        assert zh is not None and en is not None
        return {"zh": zh.title[0], "en": en.title[1]}

    return [one | {"title": title(one["name"])} if one["name"] in parts else one for one in facts]


def _fact(name: str) -> tuple[str, str] | None:
    """The kind and the slug of a fact about a tag or a ladder; None for any other."""
    found = next(((prefix, kind) for prefix, kind in FACTS.items() if name.startswith(prefix)), None)
    return (found[1], name.removeprefix(found[0])) if found else None


def _raw(node: Node) -> dict[str, Any]:
    if isinstance(node, Leaf):
        return msgspec.json.decode(node.written)
    parts = [_raw(part) for part in node.parts]
    return {"not": parts[0]} if node.word == "not" else {node.word: parts}


def _renamed(raw: Any, call: Callable[[str, str], str]) -> Any:
    """The same JSON with every slug as `call` says it."""
    if isinstance(raw, list | tuple):
        return [_renamed(one, call) for one in raw]
    if not isinstance(raw, dict):
        return raw
    changed = {key: _renamed(value, call) for key, value in raw.items()}
    for kind in NAMED:
        if isinstance(raw.get(kind), str):
            changed[kind] = call(kind, raw[kind])
    if isinstance(raw.get("attr"), str) and (fact := _fact(raw["attr"])):
        changed["attr"] = raw["attr"].removesuffix(fact[1]) + call(*fact)
    if isinstance(raw.get("reward"), str):  # an argument of points.affords
        changed["reward"] = call("offer", raw["reward"])
    if raw.get("prop") in IN_EVENTS:
        changed["value"] = _value(raw["prop"], raw.get("value"), call)
    return {key: value for key, value in changed.items() if value is not None}


def _value(kind: str, value: Any, call: Callable[[str, str], str]) -> Any:
    if isinstance(value, str):
        return call(kind, value)
    return [_value(kind, one, call) for one in value] if isinstance(value, list) else value
