"""Adjustments on the console: at once below the limit, by request and a second person above it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Response, get, post, put
from litestar.params import HeaderParameter, QueryParameter

from shuke.assets import points
from shuke.assets.approvals import actions, policy, queries
from shuke.assets.points import POINTS
from shuke.ground import access, members
from shuke.kit import clock, errors, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

ADJUST = [http.requires("points.adjust")]
_DECIDING = http.declares(
    actions.NoSuchRequest, actions.AlreadyDecided, actions.OwnRequest, points.NotEnoughPoints, actions.NotEnoughToTake,
    errors.Malformed,
)  # fmt: skip


class AdjustBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Points to give (+) or take (−), and why. Of another `wallet` its own unit; stored credit in fen."""

    points: int
    reason: str
    wallet: str = POINTS


class RefuseBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why not."""

    words: Annotated[str, msgspec.Meta(max_length=200)] = ""


class LimitShape(msgspec.Struct, forbid_unknown_fields=True):
    """How many points staff may adjust alone, and how many fen of stored credit (left out: as it is); null asks nobody."""

    limit: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] | None
    fen: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] | msgspec.UnsetType | None = msgspec.UNSET


@post(
    "/members/{member_id:int}/adjust",
    guards=ADJUST,
    responses=http.declares(
        actions.NothingToAdjust, actions.ReasonMissing, points.NotEnoughPoints, actions.NotEnoughToTake,
        actions.AdjustedDifferently, points.NoSuchWallet, members.NoSuchMember,
    ),
)  # fmt: skip
async def adjust_member(
    database: Database, caller: Caller, member_id: int, data: AdjustBody,
    key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
) -> Response[points.EntryShape | queries.RequestShape]:  # fmt: skip
    """Give or take points by hand, with a reason; undo with the opposite. Repeatable under one Idempotency-Key.

    Above the merchant's limit nothing moves yet: the answer is 202 with a request that a second person decides.
    """
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        key = key or str((await tx.fresh_ids(1))[0])
        adjustment = actions.Adjustment(
            member_id=member_id, points=data.points, reason=data.reason, by=caller.name, key=key, wallet=data.wallet
        )
        limit = await queries.limit_of(tx, data.wallet)
        after = _told(data.points, data.reason, data.wallet)
        if limit is not None and abs(data.points) > limit:
            asked = await actions.ask(tx, adjustment, caller, at)
            if asked.asked_at == at:
                await access.record(tx, caller, "points.asked", ("member", member_id), after=after, at=at)
            return Response(asked, status_code=202)
        entry = await actions.adjust(tx, adjustment, at)
        if entry.occurred_at == at:  # not a repeat
            await access.record(tx, caller, "points.adjusted", ("member", member_id), after=after, at=at)
    return Response(entry, status_code=201)


@get("/approvals", guards=[http.requires("points.read")])
async def list_requests(
    database: Database, caller: Caller,
    only: Annotated[Literal["waiting", "approved", "refused"] | None, QueryParameter(name="state")] = None,
    cursor: str | None = None,
) -> paging.Page:  # fmt: skip
    """Adjustments that were asked for, the latest first; `own` marks those of the caller, who cannot decide them."""
    async with database.read(caller.merchant_id) as tx:
        page = await queries.requests(tx, only, cursor)
        names = await members.names(tx, {one.member_id for one in page.items})
    items = [
        {
            **msgspec.structs.asdict(one),
            "member_name": names[one.member_id].name if one.member_id in names else "",
            "own": one.asked_staff_id == caller.staff_id,
        }
        for one in page.items
    ]
    return paging.Page(items=items, next_cursor=page.next_cursor, total=page.total)


@get("/approvals/limit", guards=[http.requires("points.read")])
async def show_limit(database: Database, caller: Caller) -> dict[str, int | None]:
    """How many points, and how many fen of stored credit, staff may adjust alone; and how many requests wait."""
    async with database.read(caller.merchant_id) as tx:
        return {**await _limits(tx), "waiting": await queries.count_waiting(tx)}


async def _limits(tx: Tx) -> dict[str, int | None]:
    return {"limit": await queries.limit_of(tx), "fen": await queries.limit_of(tx, "stored_credit")}


@put("/approvals/limit", guards=[http.requires("settings.write")])
async def change_limit(data: LimitShape, database: Database, caller: Caller) -> LimitShape:
    """Set the limit; it holds from now on, what waits goes on waiting."""
    async with database.write(caller.merchant_id) as tx:
        before = await _limits(tx)
        await actions.set_limit(tx, data.limit)
        if data.fen is not msgspec.UNSET:
            await actions.set_limit(tx, data.fen, fen=True)
        after = await _limits(tx)
        await access.record(
            tx, caller, "approvals.limited", ("settings", ""), before=before, after=after, at=clock.now()
        )
    return data


@post("/approvals/{request_id:int}/approve", guards=ADJUST, status_code=200, responses=_DECIDING)
async def approve_request(request_id: int, database: Database, caller: Caller) -> queries.RequestShape:
    """Book what another person asked for."""
    return await _decided(database, caller, request_id, None)


@post("/approvals/{request_id:int}/refuse", guards=ADJUST, status_code=200, responses=_DECIDING)
async def refuse_request(request_id: int, data: RefuseBody, database: Database, caller: Caller) -> queries.RequestShape:
    """Say no to what another person asked for."""
    return await _decided(database, caller, request_id, data.words)


def _told(count: int, reason: str, wallet: str) -> dict[str, int | str]:
    """What the audit trail keeps of an adjustment: the figure, and its words in both languages."""
    words = policy.amount(count, wallet)
    return {"points": count, "reason": reason, "wallet": wallet, "amount": words.zh, "amount_en": words.en}


async def _decided(database: Database, caller: Caller, request_id: int, words: str | None) -> queries.RequestShape:
    at = clock.now()

    async def decide(tx: Tx) -> queries.RequestShape:
        if words is None:
            found = await actions.approve(tx, request_id, caller, at)
        else:
            found = await actions.refuse(tx, request_id, words, caller, at)
        act = "points.approved" if words is None else "points.refused"
        after = _told(found.points, found.reason, found.wallet) | {"asked_by": found.asked_by}
        await access.record(tx, caller, act, ("member", found.member_id), after=after, at=at)
        return found

    return await database.attempt(caller.merchant_id, decide)


routes = [adjust_member, list_requests, show_limit, change_limit, approve_request, refuse_request]
