"""Segments compared and asked across time, proven, and written as text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post

from shuke.insight.segments import actions
from shuke.insight.segments.console.editing import READ, WRITE, opened
from shuke.insight.segments.policy import language
from shuke.insight.segments.queries import catalog, overlaps, showing, times
from shuke.kit import clock, http
from shuke.kit.db import Database


class Compared(msgspec.Struct, forbid_unknown_fields=True):
    """Segments to compare, at most ten; the first ten otherwise."""

    slugs: list[str]


class AskedFlow(msgspec.Struct, forbid_unknown_fields=True):
    """Segments by whose membership members are followed from one instant to another."""

    slugs: list[str]
    start: datetime
    end: datetime


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """A rule as JSON or as text; the other is answered."""

    rule: dict[str, Any] | None = None
    text: str | None = None


@post("/segments/text", guards=READ, status_code=200)
async def as_text(data: Said) -> dict[str, Any]:
    """A rule in both forms: text from JSON, or JSON from text, which must then be a rule that can be used."""
    if data.text is not None:
        rule = language.read(data.text)
        showing.parsed(rule)
        return {"rule": rule, "text": language.write(rule)}
    return {"rule": data.rule, "text": language.write(data.rule)}


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
        names = await catalog.names(tx, data.slugs)
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


@post("/segments/{slug:str}/verify", guards=WRITE, status_code=200)
async def verify(request: Request, database: Database, mirror: Any, slug: str) -> catalog.Shown:
    """Hold the membership against a whole recompute now, and repair it where they differ."""
    merchant_id = http.caller_of(request).merchant_id
    async with database.read(merchant_id) as tx:
        await catalog.get_segment(tx, slug)
    await actions.verify(database, opened(mirror), merchant_id, clock.now(), [slug])
    async with database.read(merchant_id) as tx:
        return await catalog.get_segment(tx, slug)


routes = [as_text, overlap, flow, forecast, then, verify]
