"""One field that finds everything: members, segments, rules."""

from typing import Any

from litestar import get

from shuke.doors.screens import roster
from shuke.ground import members
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.http import Caller
from shuke.programs import earning

MOST = 8


@get("/search")
async def search(database: Database, caller: Caller, mirror: Any, q: str = "") -> dict[str, list[Any]]:
    """What fits the words, of what the caller may see; the console knows its own pages."""
    words = q.strip()[:64]
    found: dict[str, list[Any]] = {"members": [], "segments": [], "rules": [], "pages": []}
    if not words:
        return found
    async with database.read(caller.merchant_id) as tx:
        if "members.read" in caller.permissions:
            numbers = await roster.found(tx, mirror, words, caller.stores, MOST)
            named = await members.names(tx, numbers)
            found["members"] = [named[number] for number in numbers if number in named]
        if "segments.read" in caller.permissions:
            listed = [{"slug": one.slug, "name": one.name} for one in await segments.list_segments(tx)]
            found["segments"] = _fitting(listed, words, "name", "slug")
        if "points.read" in caller.permissions:
            rules = [{"rule_id": one.rule_id, "name": one.name} for one in await earning.list_rules(tx, clock.now())]
            found["rules"] = _fitting(rules, words, "name")
    return found


def _fitting(items: list[dict[str, Any]], words: str, *names: str) -> list[dict[str, Any]]:
    wanted = words.lower()
    return [item for item in items if any(wanted in str(item[name]).lower() for name in names)][:MOST]


routes = [search]
