"""Prizes on the console: what a member has won, and handing goods over."""

from __future__ import annotations

import msgspec
from litestar import Request, get, post

from shuke.assets.rewards import actions, queries
from shuke.ground import access, members
from shuke.kit import clock, http
from shuke.kit.db import Database


class Prizes(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has won."""

    items: list[queries.Won]


class CollectBody(msgspec.Struct, forbid_unknown_fields=True):
    """Which prize is handed over."""

    key: str


@get(
    "/members/{member_id:int}/prizes",
    guards=[http.requires("members.read")],
    responses=http.declares(members.NoSuchMember),
)
async def member_prizes(member_id: int, request: Request, database: Database) -> Prizes:
    """What a member has won in draws, the latest first."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return Prizes(items=await queries.of_member(tx, member_id))


@post(
    "/members/{member_id:int}/prizes/collect",
    guards=[http.requires("members.write")],
    status_code=200,
    responses=http.declares(members.NoSuchMember, actions.NothingToCollect),
)
async def collect_prize(member_id: int, request: Request, database: Database, data: CollectBody) -> Prizes:
    """Hand goods over to a member; once."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        prize = await actions.collect(tx, member_id, data.key, at, caller.name)
        after = {"prize": prize, "key": data.key}
        await access.record(tx, caller, "prize.collected", ("member", member_id), after=after, at=at)
        return Prizes(items=await queries.of_member(tx, member_id))


routes = [member_prizes, collect_prize]
