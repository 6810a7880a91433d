"""Lists on the console: imported or kept as a snapshot, and deleted."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, delete, get, post

from shuke.ground import access
from shuke.ground import mirror as columns
from shuke.insight.segments import actions
from shuke.insight.segments.console.editing import READ, WRITE
from shuke.insight.segments.queries import lists, showing
from shuke.kit import clock, http, paging
from shuke.kit.db import Database


class NewList(msgspec.Struct, forbid_unknown_fields=True):
    """A list to keep: from lines (a phone, outside id or card each), or whom a rule finds now."""

    name: str
    slug: str | None = None
    lines: list[str] | None = None
    rule: dict[str, Any] | None = None


@get("/segment-lists", guards=READ)
async def list_lists(request: Request, database: Database) -> paging.Page:
    """All lists, the newest first."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await lists.list_lists(tx)
    return paging.Page(items=found, total=len(found))


@post("/segment-lists", guards=WRITE)
async def new_list(request: Request, database: Database, mirror: Any, data: NewList) -> lists.ShownList:
    """Keep a list; a snapshot of a rule never changes afterwards."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        if data.rule is not None:
            node = showing.parsed(data.rule)
            found = (await showing.ask(tx, columns.opened(mirror), [node], at)).members(node)
            origin = {"how": "snapshot", "rule": data.rule}
            made = await actions.keep_list(
                tx, name=data.name, found=found, origin=origin, at=at, by=caller.name, slug=data.slug
            )
        else:
            made = await actions.import_list(
                tx, name=data.name, lines=data.lines or [], at=at, by=caller.name, slug=data.slug
            )
        after = {"count": made.count, "how": made.origin["how"]}
        await access.record(tx, caller, "segment_list.created", ("segment_list", made.name), after=after, at=at)
    return made


@delete("/segment-lists/{slug:str}", guards=WRITE)
async def remove_list(request: Request, database: Database, slug: str) -> None:
    """Delete a list that no segment speaks of."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await lists.get_list(tx, slug)
        await actions.delete_list(tx, slug, at)
        await access.record(
            tx, caller, "segment_list.deleted", ("segment_list", before.name), before={"count": before.count}, at=at
        )


routes = [list_lists, new_list, remove_list]
