"""Late items on the console, which wait for a person, and trying a refund out."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post

from shuke.ground import access
from shuke.kit import clock, http, paging
from shuke.kit.db import Database
from shuke.programs.intake import policy
from shuke.programs.intake.actions import late, previewing
from shuke.programs.intake.actions.apply import apply_in

GUARDS = [http.requires("imports.write")]


@get("/late", guards=GUARDS, responses=http.declares(paging.BadCursor))
async def list_late(request: Request, database: Database, cursor: str | None = None, limit: int = 50) -> paging.Page:
    """Orders and events that came after the lateness window and wait for a person, the oldest first."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await late.list_late(tx, cursor, paging.limited(limit))


@post("/late/{item_id:int}/accept", guards=GUARDS, status_code=200, responses=http.declares(late.NoSuchLateItem))
async def accept_late(request: Request, database: Database, item_id: int) -> dict[str, Any]:
    """Record it after all, by the rules of its time; what `/v1` would have answered."""
    caller, now = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        item = await late.take_late(tx, item_id)
        (answer,) = await apply_in(tx, [item], history=True, at=now)
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        if not answer.accepted:
            raise late.StillRefused(body)
        await late.close_late(tx, item_id, "accepted", now)
        await access.record(tx, caller, "late.accepted", (item.key.split(":")[0], item.key.split(":", 1)[1]), at=now)
    return body


@post("/late/{item_id:int}/dismiss", guards=GUARDS, status_code=200, responses=http.declares(late.NoSuchLateItem))
async def dismiss_late(request: Request, database: Database, item_id: int) -> dict[str, Any]:
    """Leave it out for good; repeats are told so."""
    caller, now = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        item = await late.take_late(tx, item_id)
        await late.close_late(tx, item_id, "dismissed", now)
        await access.record(tx, caller, "late.dismissed", (item.key.split(":")[0], item.key.split(":", 1)[1]), at=now)
    return {"status": "dismissed"}


class AmountBody(msgspec.Struct, forbid_unknown_fields=True):
    """How much money would go back; without it all that is left of the order."""

    amount_fen: Annotated[int, msgspec.Meta(ge=0)] | None = None


@post(
    "/orders/{order_id:int}/refund-preview",
    guards=[http.requires("points.read")],
    status_code=200,
    responses=http.declares(previewing.UnknownOrder, policy.RefundTooLarge),
)
async def preview_refund_of_order(
    request: Request, database: Database, order_id: int, data: AmountBody
) -> previewing.RefundPreview:
    """What a refund of an order would take back and give back; nothing moves."""
    caller = http.caller_of(request)
    return await previewing.of_order(database, caller.merchant_id, order_id, data.amount_fen, clock.now())


routes = [list_late, accept_late, dismiss_late, preview_refund_of_order]
