"""Transfers on the console: giving for a member at the counter, the list, and the caps."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post, put
from litestar.params import HeaderParameter

from shuke.assets import points
from shuke.assets.points import POINTS
from shuke.assets.transfers import actions, policy, queries
from shuke.ground import access, members
from shuke.kit import clock, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class TransferBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to give to whom, with a few words."""

    to: int
    points: int
    note: Annotated[str, msgspec.Meta(max_length=policy.LONGEST_NOTE)] = ""
    wallet: str = POINTS


class CapsBody(msgspec.Struct, forbid_unknown_fields=True):
    """The most that one member may give; null is no limit, 0 forbids giving."""

    day: Count | None
    month: Count | None


REFUSALS = http.declares(
    points.NoSuchWallet, points.NotEnoughPoints, policy.OverCap, policy.ToOneself, policy.WrongAmount, policy.NotAGift,
    actions.KeyReused, members.NoSuchMember,
)  # fmt: skip


@post("/members/{member_id:int}/transfer", guards=[http.requires("points.transfer")], responses=REFUSALS)
async def give_points(
    member_id: int, data: TransferBody, database: Database, caller: Caller,
    key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
) -> actions.Given:  # fmt: skip
    """Give a member's points to another, within the caps; lots keep their expiry. Repeatable under one Idempotency-Key."""
    return await carried_out(database, caller, member_id, data, key)


async def carried_out(
    database: Database, caller: Caller, member_id: int, data: TransferBody, key: str | None
) -> actions.Given:
    """One transfer in a transaction of its own, on record; its refusal is raised."""
    at = clock.now()

    async def give(tx: Tx) -> actions.Given:
        await members.require(tx, member_id)
        await members.require(tx, data.to)
        used = f"{caller.name}:{key}" if key else str((await tx.fresh_ids(1))[0])
        gift = actions.Gift(
            from_id=member_id, to_id=data.to, points=data.points, key=used, note=data.note, by=caller.name
        )
        verdict = await actions.give(tx, gift, at, data.wallet)
        if verdict.state == "done":
            after = {"to": data.to, "points": data.points, "wallet": data.wallet}
            await access.record(tx, caller, "points.transferred", ("member", member_id), after=after, at=at)
        return verdict

    return await database.attempt(caller.merchant_id, give)


@get("/transfers", guards=[http.requires("points.read")])
async def list_transfers(
    database: Database, caller: Caller, member: int | None = None, cursor: str | None = None
) -> paging.Page:
    """Who gave what to whom, the latest first; `member` shows one member's."""
    async with database.read(caller.merchant_id) as tx:
        page = await queries.transfers(tx, member, cursor)
        names = await members.names(tx, {one for row in page.items for one in (row.from_id, row.to_id)})
    items = [
        {**msgspec.structs.asdict(row), "from_name": _name(names, row.from_id), "to_name": _name(names, row.to_id)}
        for row in page.items
    ]
    return paging.Page(items=items, next_cursor=page.next_cursor, total=page.total)


def _name(names: dict[int, members.MemberName], member_id: int) -> str:
    return names[member_id].name if member_id in names else ""


@get("/transfers/caps", guards=[http.requires("points.read")])
async def show_caps(database: Database, caller: Caller) -> policy.Caps:
    """The most that one member may give per day and month."""
    async with database.read(caller.merchant_id) as tx:
        return await queries.caps(tx)


@put("/transfers/caps", guards=[http.requires("settings.write")])
async def change_caps(data: CapsBody, database: Database, caller: Caller) -> policy.Caps:
    """Set the caps; they hold from now on."""
    caps = policy.Caps(data.day, data.month)
    async with database.write(caller.merchant_id) as tx:
        before = await queries.caps(tx)
        await actions.set_caps(tx, caps)
        told = {"before": msgspec.to_builtins(before), "after": msgspec.to_builtins(caps)}
        await access.record(tx, caller, "transfers.capped", ("settings", ""), **told, at=clock.now())
    return caps


routes = [give_points, list_transfers, show_caps, change_caps]
