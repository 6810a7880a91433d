"""The pages of members: the list and its export, and one member with all they hold and did."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import Stream

from shuke.assets import offers, points
from shuke.doors.screens import roster, sheets, timeline
from shuke.ground import access, members, orders, tenancy
from shuke.insight import profiles, segments
from shuke.kit import clock, http, paging
from shuke.kit.db import Database
from shuke.kit.http import Caller, requires
from shuke.programs import tiers

READ = [requires("members.read")]


def wish_of(query: Any, caller: Caller) -> roster.Wish:
    """The filters and the order in the address, and the stores that the reader's role is for."""
    tier = query.get("tier", "")
    return roster.Wish(
        q=query.get("q", ""), segment=query.get("segment", ""), cell=query.get("cell", ""),
        tag=query.get("tag", ""),
        tier=int(tier) if tier.isdigit() else None, store=query.get("store", ""), sort=query.get("sort") or "joined",
        descending=query.get("dir") != "asc", stores=caller.stores,
    )  # fmt: skip


@get(
    "/members",
    guards=READ,
    responses=http.declares(paging.BadCursor, roster.UnknownSort, segments.NoSuchSegment, profiles.NoSuchCell),
)
async def list_members(
    request: Request[Any, Any, Any],
    database: Database,
    caller: Caller,
    mirror: Any,
    cursor: str | None = None,
    limit: int = 50,
) -> paging.Page:
    """Members: `q` (phone tail, phone, card, name), `segment`, `cell` (of RFM), `tag`, `tier`, `store`; in the order of `sort`
    joined|last_order|points|amount and `dir`."""
    async with database.read(caller.merchant_id) as tx:
        return await roster.page(tx, mirror, wish_of(request.query_params, caller), cursor, paging.limited(limit))


@get(
    "/members/export",
    guards=[requires("members.export")],
    responses=http.declares(roster.UnknownSort, segments.NoSuchSegment, profiles.NoSuchCell),
)
async def export_members(request: Request[Any, Any, Any], database: Database, caller: Caller, mirror: Any) -> Stream:
    """The list as a file: the same filters, `format` csv|xlsx, `columns` in the order shown. Noted in the audit trail."""
    wish = wish_of(request.query_params, caller)
    columns = sheets.chosen(request.query_params.get("columns", ""))
    kind = "xlsx" if request.query_params.get("format") == "xlsx" else "csv"
    full = "phone" in columns and "members.reveal" in caller.permissions
    async with database.read(caller.merchant_id) as tx:
        total = (await roster.page(tx, mirror, wish, None, 1)).total
        zone = (await tenancy.get_merchant(tx)).zone
    async with database.write(caller.merchant_id) as tx:
        after = {"rows": total, "columns": columns, "format": kind, "full_phones": full}
        await access.record(tx, caller, "members.exported", ("members", ""), after=after, at=clock.now())

    async def lines() -> AsyncIterator[list[dict[str, Any]]]:
        async with database.read(caller.merchant_id) as tx:
            async for part in roster.everyone(tx, mirror, wish):
                phones = await members.phones(tx, [row.member_id for row in part]) if full else {}
                yield [sheets.line(row, phones.get(row.member_id), zone) for row in part]

    name = f"members-{clock.business_date(clock.now(), zone):%Y%m%d}"
    return sheets.stream(kind, name, columns, lines(), caller.locale)


@get("/members/{member_id:int}", guards=READ, responses=http.declares(members.NoSuchMember))
async def show_member(member_id: int, database: Database, caller: Caller) -> dict[str, Any]:
    """One member: who they are, where they stand, what they hold, what they bought.

    Noted in the audit trail where the reader's role is for single stores and the member only ever bought at others.
    """
    now = clock.now()
    await _note_elsewhere(database, caller, member_id, now)
    async with database.read(caller.merchant_id) as tx:
        profile = await members.get_member(tx, member_id)
        merchant = await tenancy.get_merchant(tx)
        day = clock.business_date(now, merchant.zone, merchant.day_start_minutes)
        standing = (await tiers.tiers_of(tx, [member_id], day))[member_id]
        balance = await points.balance(tx, member_id, now)
        held = await offers.of_member(tx, member_id, now)
        bought = (await roster.summaries(tx, [member_id]))[member_id]
    shown: dict[str, Any] = msgspec.structs.asdict(profile)
    shown["joined_at"] = profile.joined_at  # none where only history knows the member
    return shown | {
        "tier": standing,
        "points": balance,
        "offers": held,
        "summary": msgspec.structs.asdict(bought) | {"average_fen": bought.average_fen},
    }


async def _note_elsewhere(database: Database, caller: Caller, member_id: int, at: datetime) -> None:
    if not caller.stores:
        return
    async with database.read(caller.merchant_id) as tx:
        at_stores = await orders.stores_where(tx, await members.numbers_of(tx, member_id))
    if at_stores and not at_stores & caller.stores:
        async with database.write(caller.merchant_id) as tx:
            await access.record(tx, caller, "member.opened_elsewhere", ("member", member_id), at=at)


@get("/members/{member_id:int}/orders", guards=READ, responses=http.declares(members.NoSuchMember, paging.BadCursor))
async def member_orders(
    member_id: int, database: Database, caller: Caller, cursor: str | None = None, limit: int = 20
) -> paging.Page:
    """What a member bought, the latest first, under any number they ever had."""
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return await orders.orders_of(tx, await members.numbers_of(tx, member_id), cursor, paging.limited(limit))


@get(
    "/members/{member_id:int}/segments",
    guards=[requires("segments.read")],
    responses=http.declares(members.NoSuchMember),
)
async def member_segments(member_id: int, database: Database, caller: Caller) -> dict[str, list[segments.Belonging]]:
    """The segments a member is in, since when."""
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return {"items": await segments.of_member(tx, member_id)}


@get("/members/{member_id:int}/timeline", guards=READ, responses=http.declares(members.NoSuchMember, paging.BadCursor))
async def member_timeline(
    member_id: int, database: Database, caller: Caller, mirror: Any, cursor: str | None = None, limit: int = 50
) -> paging.Page:
    """What a member did, the latest first, as the mirror knows it."""
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
    return await timeline.page(database, mirror, caller.merchant_id, member_id, cursor, paging.limited(limit))


routes = [list_members, export_members, show_member, member_orders, member_segments, member_timeline]
