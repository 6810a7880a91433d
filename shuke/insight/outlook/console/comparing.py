"""Segments compared and asked across time: overlaps, flows, sizes to come, who was in then, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post

from shuke.ground import mirror as columns
from shuke.insight import segments
from shuke.insight.outlook.queries import overlaps, times
from shuke.kit import clock, http
from shuke.kit.db import Database

READ = [http.requires("segments.read")]


class AskedWhy(msgspec.Struct, forbid_unknown_fields=True):
    """A rule, or the slug of a segment, and a member."""

    member_id: int
    rule: dict[str, Any] | None = None
    slug: str | None = None


class Compared(msgspec.Struct, forbid_unknown_fields=True):
    """Segments to compare, at most ten; the first ten otherwise."""

    slugs: list[str]


class AskedFlow(msgspec.Struct, forbid_unknown_fields=True):
    """Segments by whose membership members are followed from one instant to another."""

    slugs: list[str]
    start: datetime
    end: datetime


@post("/segments/explain", guards=READ, status_code=200)
async def explain(request: Request, database: Database, mirror: Any, data: AskedWhy) -> times.Explained:
    """Why a member belongs or does not: every condition with value, threshold and its next change by time alone."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        rule = data.rule if data.slug is None else (await segments.get_segment(tx, data.slug)).rule
        return await times.explain(tx, opened(mirror), rule, data.member_id, clock.now())


@post("/segments/overlap", guards=READ, status_code=200)
async def overlap(request: Request, database: Database, data: Compared) -> overlaps.Overlap:
    """How segments overlap as of their last refresh."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await overlaps.overlap(tx, data.slugs)


@post("/segments/flow", guards=READ, status_code=200)
async def flow(request: Request, database: Database, mirror: Any, data: AskedFlow) -> dict[str, Any]:
    """Who went from which segment to which between two instants, by the rules of today."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await times.flow(tx, opened(mirror), data.slugs, data.start, data.end)
        names = await segments.names(tx, data.slugs)
    return {"names": names, "flows": found}


@get("/segments/{slug:str}/forecast", guards=READ)
async def forecast(
    request: Request, database: Database, mirror: Any, slug: str, days: int = 30
) -> list[times.Forecast]:
    """The size on the coming days if nothing happens but time."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await times.forecast(tx, opened(mirror), slug, clock.now(), min(max(days, 1), 60))


@get("/segments/{slug:str}/then", guards=[*READ, http.requires("members.read")])
async def then(request: Request, database: Database, mirror: Any, slug: str, at: datetime) -> times.Then:
    """Who was in at an instant, by the rule of today."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await times.then(tx, opened(mirror), slug, at, clock.now())


def opened(mirror: columns.Mirror | None) -> columns.Mirror:
    """The mirror, or the answer that it is away for now."""
    if mirror is None:
        raise columns.MirrorGone("this process has no mirror open")
    return mirror


routes = [explain, overlap, flow, forecast, then]
