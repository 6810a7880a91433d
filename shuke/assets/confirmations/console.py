"""Points that wait for an action on the console: who waits for what until when, and confirming it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import get, post
from litestar.params import QueryParameter

from shuke.assets.confirmations import actions, queries
from shuke.ground import access, members
from shuke.kit import clock, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each credit that waited there."""

    items: list[queries.AwaitedShape]


@get("/awaited", guards=[http.requires("points.read")], responses=http.declares(paging.BadCursor))
async def list_awaited(
    database: Database, caller: Caller, only: Annotated[Literal["waiting", "all"], QueryParameter(name="state")] = "waiting",
    member: int | None = None, order: int | None = None, cursor: str | None = None,
) -> paging.Page:  # fmt: skip
    """Points that wait for an action, the latest first; `state=all` shows what became of the others, `order` is its number."""
    async with database.read(caller.merchant_id) as tx:
        page = await queries.awaited(
            tx, clock.now(), waiting=only == "waiting", member_id=member, order_id=order, cursor=cursor
        )
        names = await members.names(tx, {one.member_id for one in page.items})
    items = [
        {**msgspec.structs.asdict(one), "member_name": names[one.member_id].name if one.member_id in names else ""}
        for one in page.items
    ]
    return paging.Page(items=items, next_cursor=page.next_cursor, total=page.total)


@post(
    "/awaited/{entry_id:int}/confirm",
    guards=[http.requires("members.write")],
    status_code=200,
    responses=http.declares(actions.NothingAwaited),
)
async def confirm_awaited(entry_id: int, database: Database, caller: Caller) -> Confirmed:
    """Confirm what one credit waits for: its points can be used at once. Repeatable, on record."""
    return await _confirmed(database, caller, actions.Wish(entry_id=entry_id), ("points", str(entry_id)))


@post(
    "/orders/{order_id:int}/confirm",
    guards=[http.requires("members.write")],
    status_code=200,
    responses=http.declares(actions.NothingAwaited),
)
async def confirm_order(order_id: int, database: Database, caller: Caller) -> Confirmed:
    """Confirm all that an order's points wait for, such as that the goods were received. Repeatable, on record."""
    return await _confirmed(database, caller, actions.Wish(order_id=order_id), ("order", str(order_id)))


async def _confirmed(database: Database, caller: Caller, wish: actions.Wish, subject: tuple[str, Any]) -> Confirmed:
    at = clock.now()

    async def confirm(tx: Tx) -> Confirmed:
        found = await actions.confirm(tx, [wish], at, caller.name)
        fresh = [one for one in found if one.confirmed_at == at]
        if fresh:
            named = "、".join(sorted({one.action for one in fresh}))
            after = {"points": sum(one.points for one in fresh), "action_confirmed": named}
            await access.record(tx, caller, "points.confirmed", subject, after=after, at=at)
        return Confirmed(items=found)

    return await database.attempt(caller.merchant_id, confirm)


routes = [list_awaited, confirm_awaited, confirm_order]
