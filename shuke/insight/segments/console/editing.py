"""Segments on the console: the list, the editor, members."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, delete, get, post, put

from shuke.ground import access
from shuke.ground import mirror as columns
from shuke.insight import grammar
from shuke.insight.segments import actions
from shuke.insight.segments.queries import catalog, lists, membership, showing
from shuke.kit import clock, http, paging
from shuke.kit.db import Database, Tx

READ = [http.requires("segments.read")]
WRITE = [http.requires("segments.write")]


class NewSegment(msgspec.Struct, forbid_unknown_fields=True):
    """A segment to create; without a slug one is made from the name."""

    name: str
    rule: dict[str, Any]
    slug: str | None = None
    description: str = ""


class ChangedSegment(msgspec.Struct, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    name: str | None = None
    rule: dict[str, Any] | None = None
    description: str | None = None


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """A rule as JSON or as text; the other is answered."""

    rule: dict[str, Any] | None = None
    text: str | None = None


@get("/segments", guards=READ)
async def list_segments(request: Request, database: Database) -> paging.Page:
    """All segments with size, sentence, state, and what uses them."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        sparks = await catalog.sparks(tx)
        items = [
            msgspec.to_builtins(one, builtin_types=(datetime,))
            | {"used_by": await actions.used_by(tx, one.slug), "spark": sparks.get(one.segment_id, [])}
            for one in await catalog.list_segments(tx)
        ]
    return paging.Page(items=items, total=len(items))


@get("/segments/kinds", guards=READ)
async def kinds(request: Request, database: Database, mirror: Any) -> dict[str, Any]:
    """Kinds of conditions with JSON Schema, and the names a rule may use, with types and sample values."""
    merchant_id = http.caller_of(request).merchant_id
    known = await grammar.vocabulary(columns.opened(mirror), merchant_id)
    async with database.read(merchant_id) as tx:
        listed = [{"slug": row.slug, "name": row.name} for row in await catalog.stored(tx)]
        kept = [{"slug": one.slug, "name": one.name} for one in await lists.list_lists(tx)]
        attributes = await grammar.with_titles(tx, known["attributes"])
    return known | {"attributes": attributes, "segments": listed, "lists": kept}


@get("/segments/{slug:str}", guards=READ)
async def get_segment(request: Request, database: Database, slug: str) -> dict[str, Any]:
    """One segment with its rule, all its wordings, and its size over time."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await _whole(tx, slug)


async def _whole(tx: Tx, slug: str) -> dict[str, Any]:
    found = await catalog.get_segment(tx, slug)
    told = msgspec.to_builtins(found, builtin_types=(datetime,))
    versions = [row._asdict() for row in await catalog.versions(tx, found.segment_id)]
    history = [row._asdict() for row in await catalog.history(tx, found.segment_id)]
    return told | {"versions": versions, "history": history, "used_by": await actions.used_by(tx, slug)}


@post("/segments", guards=WRITE)
async def new_segment(request: Request, database: Database, data: NewSegment) -> catalog.Shown:
    """Create a segment; it is counted within a second or two."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await actions.create_segment(
            tx, slug=data.slug, name=data.name, rule=data.rule, description=data.description, at=at, by=caller.name
        )
        await access.record(tx, caller, "segment.created", ("segment", made.name), after={"rule": made.rule}, at=at)
    return made


@put("/segments/{slug:str}", guards=WRITE)
async def change_segment(request: Request, database: Database, slug: str, data: ChangedSegment) -> catalog.Shown:
    """Change name, description or rule; another rule is a new version, which starts no journeys."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await catalog.get_segment(tx, slug)
        after = await actions.edit_segment(
            tx, slug, name=data.name, rule=data.rule, description=data.description, at=at, by=caller.name
        )
        await access.record(
            tx, caller, "segment.changed", ("segment", after.name), before=_told(before), after=_told(after), at=at
        )
    return after


def _told(segment: catalog.Shown) -> dict[str, Any]:
    return {"name": segment.name, "description": segment.description, "rule": segment.rule}


@delete("/segments/{slug:str}", guards=WRITE)
async def remove_segment(request: Request, database: Database, slug: str) -> None:
    """Delete a segment that nothing uses; it can be brought back for thirty days."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await catalog.get_segment(tx, slug)
        await actions.delete_segment(tx, slug, at)
        await access.record(tx, caller, "segment.deleted", ("segment", before.name), before=_told(before), at=at)


@post("/segments/text", guards=READ, status_code=200)
async def as_text(data: Said) -> dict[str, Any]:
    """A rule in both forms: text from JSON, or JSON from text, which must then be a rule that can be used."""
    if data.text is not None:
        rule = grammar.read(data.text)
        showing.parsed(rule)
        return {"rule": rule, "text": grammar.write(rule)}
    return {"rule": data.rule, "text": grammar.write(data.rule)}


@get("/segments/{slug:str}/members", guards=[*READ, http.requires("members.read")])
async def segment_members(
    request: Request, database: Database, mirror: Any, slug: str, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """The members as of the last refresh, by number."""
    size = paging.limited(limit)
    place = paging.decode(cursor, 1)
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await catalog.get_segment(tx, slug)
        numbers = await membership.members_after(tx, slug, place[0] if place else 0, size + 1)
        moment = await grammar.moment_of(tx, clock.now())
        shown = await showing.sampled(tx, columns.opened(mirror), moment, numbers)
    return paging.page(shown, size, lambda member: [member.member_id], total=found.count)


routes = [
    list_segments, kinds, get_segment, new_segment, change_segment, remove_segment, as_text,
    segment_members,
]  # fmt: skip
