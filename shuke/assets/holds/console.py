"""Holds on the console: what is set aside for whom and until when, and giving it back by hand."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.params import QueryParameter

from shuke.assets import points
from shuke.assets.holds import actions
from shuke.ground import access, members
from shuke.kit import clock, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller


class HeldNow(msgspec.Struct, frozen=True):
    """How much of a wallet is set aside now: holds, points, members."""

    holds: int
    points: int
    members: int


@get("/holds", guards=[http.requires("points.read")])
async def list_holds(
    database: Database, caller: Caller, only: Annotated[Literal["open", "all"], QueryParameter(name="state")] = "open",
    member: int | None = None, cursor: str | None = None,
) -> paging.Page:  # fmt: skip
    """Points set aside, the latest first; `state=all` shows those that are over too, `member` one member's."""
    async with database.read(caller.merchant_id) as tx:
        page = await points.holds(tx, clock.now(), only_open=only == "open", member_id=member, cursor=cursor)
        names = await members.names(tx, {one.member_id for one in page.items})
    items = [
        {**msgspec.structs.asdict(one), "member_name": names[one.member_id].name if one.member_id in names else ""}
        for one in page.items
    ]
    return paging.Page(items=items, next_cursor=page.next_cursor, total=page.total)


@get("/holds/now", guards=[http.requires("points.read")], responses=http.declares(points.NoSuchWallet))
async def held_now(database: Database, caller: Caller, wallet: str = points.POINTS) -> HeldNow:
    """How much is set aside now."""
    points.known_wallet(wallet)
    async with database.read(caller.merchant_id) as tx:
        return HeldNow(*await points.held(tx, clock.now(), wallet))


@post(
    "/holds/{hold_id:int}/release",
    guards=[http.requires("points.adjust")],
    status_code=200,
    responses=http.declares(points.NoSuchHold, points.HoldEnded),
)
async def release_hold_by_hand(hold_id: int, database: Database, caller: Caller) -> points.HoldShape:
    """Give a hold back before its time; what it was for cannot be paid with it any more. Repeatable, on record."""
    at = clock.now()

    async def release(tx: Tx) -> points.HoldShape:
        found = await actions.release_by_hand(tx, hold_id, at)
        if found.closed_at == at:
            after = {"points": found.points}
            await access.record(tx, caller, "points.released", ("member", found.member_id), after=after, at=at)
        return found

    return await database.attempt(caller.merchant_id, release)


routes = [list_holds, held_now, release_hold_by_hand]
