"""Rules previewed; segments compared and asked across time: overlaps, flows, sizes to come, who was in, wordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post

from shuke.ground import members
from shuke.ground import mirror as columns
from shuke.insight import grammar, segments
from shuke.insight.outlook.queries import overlaps, previews, times, wordings
from shuke.kit import clock, http, paging
from shuke.kit.db import Database

READ = [http.requires("segments.read")]


class AskedWhy(msgspec.Struct, forbid_unknown_fields=True):
    """A rule, or the slug of a segment, and a member."""

    member_id: int
    rule: dict[str, Any] | None = None
    slug: str | None = None


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A rule to try, at an instant; of many members a sample is enough with `sampled`."""

    rule: dict[str, Any]
    as_of: datetime | None = None
    sampled: bool = False


class Compared(msgspec.Struct, forbid_unknown_fields=True):
    """Segments to compare, at most ten; the first ten otherwise."""

    slugs: list[str]


class AskedFlow(msgspec.Struct, forbid_unknown_fields=True):
    """Segments by whose membership members are followed from one instant to another."""

    slugs: list[str]
    start: datetime
    end: datetime


class Reworded(msgspec.Struct, forbid_unknown_fields=True):
    """Another rule for a segment, not saved yet."""

    rule: dict[str, Any]


class Moved(msgspec.Struct, frozen=True):
    """One member who entered or left, and why: event, time, schedule, manual, repair."""

    refresh_id: int
    member_id: int
    name: str
    phone_masked: str | None
    entered: bool
    reason: str
    at: datetime


@post("/segments/preview", guards=READ, status_code=200)
async def preview(request: Request, database: Database, mirror: Any, data: Asked) -> previews.Preview:
    """Count, sample and the count of every part of a rule; nothing is written."""
    at = data.as_of or clock.now()
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await previews.preview(tx, columns.opened(mirror), data.rule, at, sampled=data.sampled)


@post("/segments/explain", guards=READ, status_code=200)
async def explain(request: Request, database: Database, mirror: Any, data: AskedWhy) -> times.Explained:
    """Why a member belongs or does not: every condition with value, threshold and its next change by time alone."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        rule = data.rule if data.slug is None else (await segments.get_segment(tx, data.slug)).rule
        return await times.explain(tx, columns.opened(mirror), rule, data.member_id, clock.now())


@post("/segments/overlap", guards=READ, status_code=200)
async def overlap(request: Request, database: Database, data: Compared) -> overlaps.Overlap:
    """How segments overlap as of their last refresh."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await overlaps.overlap(tx, data.slugs)


@post("/segments/flow", guards=READ, status_code=200)
async def flow(request: Request, database: Database, mirror: Any, data: AskedFlow) -> dict[str, Any]:
    """Who went from which segment to which between two instants, by the rules of today."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await times.flow(tx, columns.opened(mirror), data.slugs, data.start, data.end)
        names = await segments.names(tx, data.slugs)
    return {"names": names, "flows": found}


@get("/segments/{slug:str}/forecast", guards=READ)
async def forecast(
    request: Request, database: Database, mirror: Any, slug: str, days: int = 30
) -> list[times.Forecast]:
    """The size on the coming days if nothing happens but time."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await times.forecast(tx, columns.opened(mirror), slug, clock.now(), min(max(days, 1), 60))


@get("/segments/{slug:str}/then", guards=[*READ, http.requires("members.read")])
async def then(request: Request, database: Database, mirror: Any, slug: str, at: datetime) -> times.Then:
    """Who was in at an instant, by the rule of today."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await times.then(tx, columns.opened(mirror), slug, at, clock.now())


@get("/segments/{slug:str}/then/members", guards=[*READ, http.requires("members.read")])
async def then_members(
    request: Request, database: Database, mirror: Any, slug: str, at: datetime, cursor: str | None = None,
    limit: int | None = None,
) -> paging.Page:  # fmt: skip
    """All who were in at an instant, by number, with points and last order as they were then."""
    size, place = paging.limited(limit), paging.decode(cursor, 1)
    async with database.read(http.caller_of(request).merchant_id) as tx:
        inside = await times.inside_then(tx, columns.opened(mirror), slug, at)
        first = inside.rank(place[0]) if place else 0
        numbers = list(inside[first : first + size + 1])
        shown = await segments.sampled(tx, columns.opened(mirror), await grammar.moment_of(tx, at), numbers)
    return paging.page(shown, size, lambda member: [member.member_id], total=len(inside))


@get("/segments/{slug:str}/flips", guards=[*READ, http.requires("members.read")])
async def flips(
    request: Request, database: Database, slug: str, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """Who entered and left, the latest first; whom a new rule took in at once is told by its version instead."""
    size = paging.limited(limit)
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await segments.flips(tx, slug, paging.decode(cursor, 2), size + 1)
        names = await members.names(tx, {one.member_id for one in found})
    moved = [
        Moved(
            one.refresh_id, one.member_id, names[one.member_id].name if one.member_id in names else "",
            names[one.member_id].phone_masked if one.member_id in names else None, one.entered, one.reason, one.at,
        )
        for one in found
    ]  # fmt: skip
    return paging.page(moved, size, lambda one: [one.refresh_id, one.member_id])


@get("/segments/{slug:str}/versions", guards=READ)
async def versions(request: Request, database: Database, slug: str) -> paging.Page:
    """All versions of the rule, the newest first, each with how it differs from the one before."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await wordings.wordings(tx, slug)
    return paging.Page(items=found, total=len(found))


@post("/segments/{slug:str}/changes", guards=READ, status_code=200)
async def changes(request: Request, database: Database, mirror: Any, slug: str, data: Reworded) -> wordings.Effect:
    """What saving another rule would change: conditions, text, and how many would enter and leave. Nothing is written."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await wordings.effect(tx, columns.opened(mirror), slug, data.rule, clock.now())


routes = [preview, explain, overlap, flow, forecast, then, then_members, flips, versions, changes]
