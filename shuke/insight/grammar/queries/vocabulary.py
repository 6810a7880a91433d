"""What a rule may speak of: kinds of conditions, attributes and events with their properties, and values seen so far."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from shuke.ground import mirror
from shuke.insight.grammar import conditions
from shuke.insight.grammar.policy import comparing, windows

if TYPE_CHECKING:
    from shuke.ground.mirror import Event, Mirror

RECENT = 200_000
_PLACE = re.compile(r"\s*\{\w+\}")  # where the sentence names a number
VALUES = 12


async def vocabulary(opened: Mirror, merchant_id: int) -> dict[str, Any]:
    """Kinds with JSON Schema; attributes and events, declared or seen, with types, titles and sample values."""
    return {
        "kinds": conditions.describe(),
        "attributes": await _attributes(opened, merchant_id),
        "events": await _events(opened, merchant_id),
        "ops": [{"op": op, "zh": zh, "en": en} for op, (zh, en) in comparing.WORDS.items()],
        "ops_by_type": {type_: [op for op in comparing.WORDS if op in ops] for type_, ops in comparing.OPS.items()},
        "calendar": [{"value": word, "zh": zh, "en": en} for word, (zh, en) in windows.CALENDAR.items()],
    }


async def _attributes(opened: Mirror, merchant_id: int) -> list[dict[str, Any]]:
    seen = {
        row[0]: row[1:]
        for row in await mirror.rows(
            opened,
            f"SELECT name, topKIf({VALUES})(text, form IN (1, 4)), countIf(form = 2), countIf(form IN (1, 3)) "
            f"FROM (SELECT name, text, form FROM attributes WHERE merchant = {merchant_id} LIMIT {RECENT}) GROUP BY name",
        )
    }
    listed = [
        {"name": fact.name, "type": fact.type, "title": _title(fact.title), "arguments": dict(fact.arguments),
         "instead": dict(fact.other.arguments) if fact.other else {},
         "samples": _samples(seen.pop(fact.name, ((), 0, 0))[0]),
         "words": {str(value): _title(called) for value, called in fact.words.items()}}
        for fact in opened.registry.attributes.values()
    ]  # fmt: skip
    for name, (samples, numbers, texts) in sorted(seen.items()):
        type_ = "number" if numbers > texts else "text"
        listed.append(
            {"name": name, "type": type_, "title": _title((name, name)), "arguments": {}, "instead": {},
             "samples": _samples(samples), "words": {}}
        )  # fmt: skip
    return listed


def _title(title: tuple[str, str]) -> dict[str, str]:
    zh, en = (_PLACE.sub("…", one) for one in title)
    return {"zh": zh, "en": en}


def _samples(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value not in ("", None) and not str(value).startswith(mirror.LIST_MARK)]


async def _events(opened: Mirror, merchant_id: int) -> list[dict[str, Any]]:
    seen = {
        name: (dict.fromkeys(texts, "text") | dict.fromkeys(numbers, "number"))
        for name, texts, numbers in await mirror.rows(
            opened,
            "SELECT kind, groupUniqArrayArray(100)(mapKeys(texts)), groupUniqArrayArray(100)(mapKeys(numbers)) "
            f"FROM (SELECT kind, texts, numbers FROM events WHERE merchant = {merchant_id} LIMIT 200 BY kind) GROUP BY kind",
        )
    }
    names = dict.fromkeys([*opened.registry.events, *sorted(seen)])
    return [await _event(opened, merchant_id, opened.registry.event(name), seen.get(name, {})) for name in names]


async def _event(opened: Mirror, merchant_id: int, event: Event, seen: dict[str, str]) -> dict[str, Any]:
    properties: list[dict[str, Any]] = [
        {"name": name, "type": prop.type, "title": _title(prop.title), "samples": []}
        for name, prop in event.properties.items()
    ]
    properties += [
        {"name": name, "type": type_, "title": _title((name, name)), "samples": []}
        for name, type_ in seen.items()
        if name not in event.properties
    ]
    samples = await _property_samples(opened, merchant_id, event)
    for prop in properties:
        prop["samples"] = samples.get(prop["name"], [])
    return {"name": event.name, "title": _title(event.title), "open": event.open, "properties": properties}


async def _property_samples(opened: Mirror, merchant_id: int, event: Event) -> dict[str, list[Any]]:
    """The most frequent values of the text properties that are columns of their own."""
    columns = {
        name: prop.sql for name, prop in event.properties.items() if prop.type == "text" and prop.sql.isidentifier()
    }
    columns = {name: sql for name, sql in columns.items() if sql != "order_key"}
    if not columns:
        return {}
    where = " AND ".join([f"merchant = {merchant_id}", *([event.filter] if event.filter else [])])
    shown = ", ".join(f"topK({VALUES})({name})" for name in columns.values())
    inner = ", ".join(dict.fromkeys(columns.values()))
    [row] = await mirror.rows(
        opened, f"SELECT {shown} FROM (SELECT {inner} FROM {event.table} WHERE {where} LIMIT {RECENT})"
    )
    return {name: _samples(values) for name, values in zip(columns, row, strict=True)}
