"""The audit on the console: what was found last, and asking for another one."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask

from shuke.assets.audit import actions, queries
from shuke.ground import access
from shuke.kit import clock, http
from shuke.kit.db import Database

READ = [http.requires("points.read")]


@get("/points/audit", guards=READ)
async def points_audit(request: Request, database: Database) -> dict[str, Any]:
    """What the auditor found last; `checked_at` null before its first run."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        found = await queries.last_audit(tx)
    return found or {"checked_at": None, "differences": None, "totals": {}, "found": []}


@post("/points/audit", guards=READ, status_code=202)
async def start_audit(request: Request, database: Database) -> Response[dict[str, str]]:
    """Ask for an audit; it runs in the background, and its result replaces the last one."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        await access.record(tx, caller, "points.audited", ("points", "audit"), at=at)
    return Response({"state": "running"}, background=BackgroundTask(actions.audit, database, caller.merchant_id, at))


routes = [points_audit, start_audit]
