"""Recounts and proofs on the console with their progress, at once for one segment, and what was deleted brought back."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post

from shuke.ground import access
from shuke.ground import mirror as columns
from shuke.insight import segments
from shuke.insight.upkeep import actions
from shuke.kit import clock, http
from shuke.kit.db import Database

READ = [http.requires("segments.read")]
WRITE = [http.requires("segments.write")]


class NewRun(msgspec.Struct, forbid_unknown_fields=True):
    """What to run, over which segments; over all of them where none are named."""

    kind: actions.Kind
    slugs: list[str] | None = None


class Latest(msgspec.Struct, frozen=True):
    """The last run, or null where there was none."""

    run: actions.Run | None


class Deleted(msgspec.Struct, frozen=True):
    """What was deleted in the last thirty days, the latest first."""

    items: list[segments.Gone]


@get("/segment-runs", guards=READ)
async def latest_run(request: Request, database: Database) -> Latest:
    """How far the last recount or proof is."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return Latest(await actions.latest(tx))


@post("/segment-runs", guards=WRITE)
async def start_run(request: Request, database: Database, data: NewRun) -> actions.Run:
    """Count segments anew or prove them, one after another, in the background."""
    caller = http.caller_of(request)
    async with database.write(caller.merchant_id) as tx:
        return await actions.start(tx, data.kind, data.slugs, clock.now(), caller.name)


@post("/segment-runs/{run_id:int}/cancel", guards=WRITE, status_code=200, responses=http.declares(actions.NoSuchRun))
async def cancel_run(request: Request, database: Database, run_id: int) -> Latest:
    """Stop after the segment at hand."""
    async with database.write(http.caller_of(request).merchant_id) as tx:
        await actions.cancel(tx, run_id, clock.now())
        return Latest(await actions.latest(tx))


@post("/segments/{slug:str}/refresh", guards=WRITE, status_code=200)
async def refresh_segment(request: Request, database: Database, mirror: Any, slug: str) -> segments.Shown:
    """Bring one segment up to date now, and answer when it is."""
    merchant_id = http.caller_of(request).merchant_id
    async with database.read(merchant_id) as tx:
        await segments.get_segment(tx, slug)
    await segments.refresh(database, columns.opened(mirror), merchant_id, clock.now(), reason="manual", slugs=[slug])
    async with database.read(merchant_id) as tx:
        return await segments.get_segment(tx, slug)


@post("/segments/{slug:str}/verify", guards=WRITE, status_code=200)
async def verify(request: Request, database: Database, mirror: Any, slug: str) -> segments.Shown:
    """Hold the membership against a whole recompute now, repair it where they differ, and answer when that is done."""
    merchant_id = http.caller_of(request).merchant_id
    async with database.read(merchant_id) as tx:
        await segments.get_segment(tx, slug)
    await segments.verify(database, columns.opened(mirror), merchant_id, clock.now(), [slug])
    async with database.read(merchant_id) as tx:
        return await segments.get_segment(tx, slug)


@get("/segment-deletions", guards=READ)
async def deleted(request: Request, database: Database) -> Deleted:
    """Deleted segments and lists that can be brought back."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return Deleted(await segments.list_gone(tx))


@post("/segments/{slug:str}/restore", guards=WRITE, status_code=200)
async def restore_segment(request: Request, database: Database, slug: str) -> segments.Shown:
    """Bring a deleted segment back with its versions and history; it is counted anew and starts no journeys."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        await segments.bring_back(tx, "segment", slug, at)
        back = await segments.get_segment(tx, slug)
        await access.record(tx, caller, "segment.restored", ("segment", back.name), after={"rule": back.rule}, at=at)
    return back


@post("/segment-lists/{slug:str}/restore", guards=WRITE, status_code=200)
async def restore_list(request: Request, database: Database, slug: str) -> segments.ShownList:
    """Bring a deleted list back with everybody who stood on it."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        await segments.bring_back(tx, "list", slug, at)
        back = await segments.get_list(tx, slug)
        await access.record(
            tx, caller, "segment_list.restored", ("segment_list", back.name), after={"count": back.count}, at=at
        )
    return back


routes = [
    latest_run, start_run, cancel_run, refresh_segment, verify, deleted, restore_segment, restore_list,
]  # fmt: skip
