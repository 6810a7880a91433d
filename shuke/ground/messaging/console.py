"""The message log on the console: what was sent, to whom, how it looks on a phone, and why something was not."""

from __future__ import annotations

from litestar import Request, get

from shuke.ground import members
from shuke.ground.messaging import queries
from shuke.kit import http, paging
from shuke.kit.db import Database


@get("/messages", guards=[http.requires("journeys.read")])
async def list_messages(
    request: Request,
    database: Database,
    journey: int | None = None,
    channel: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> paging.Page:
    """All messages, or those of a journey or a channel; the newest first."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        return await queries.log(tx, journey_id=journey, channel=channel, cursor=cursor, limit=limit)


@get("/members/{member_id:int}/messages", guards=[http.requires("members.read")])
async def member_messages(
    request: Request, database: Database, member_id: int, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """What one member was sent; the newest first."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return await queries.log(tx, member_id=member_id, cursor=cursor, limit=limit)


routes = [list_messages, member_messages]
