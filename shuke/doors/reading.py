"""What an integrator reads with the scope `read`: who a member is and holds, the member's movements, and the orders."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import get

from shuke.assets import offers, points
from shuke.ground import members, orders, tenancy
from shuke.kit import clock, errors, http, paging
from shuke.kit.db import Database
from shuke.kit.http import Caller
from shuke.programs import tiers

MEMBERS = [http.requires("members.read")]


class NobodyKnown(errors.NotFound):
    """Nobody is known by this {kind}."""

    code = "nobody_known"
    zh = "没有用这个凭据（{kind}）登记的会员。"
    cure = "Check kind and value; a member comes into being with the first order, event or check-in that names them."
    cure_zh = "请核对 kind 和 value；第一笔带上会员的订单、行为或签到会建立会员。"

    def __init__(self, kind: str) -> None:
        errors.Refused.__init__(self, field="value", kind=kind)


class TierHeld(msgspec.Struct, frozen=True):
    """The tier a member has now."""

    level: int
    name: str


class MemberRead(msgspec.Struct, frozen=True, kw_only=True):
    """A member as a till or shop shows them: no full phone number; `offers` are those usable now."""

    member_id: int
    name: str
    phone_masked: str | None
    joined_at: datetime | None
    tier: TierHeld
    points: points.Balance
    offers: list[offers.Held]


@get(
    "/members/lookup",
    guards=[http.requires("members.read"), http.requires("points.read")],
    responses=http.declares(NobodyKnown, members.BadIdentity, members.UnknownIdentity, members.NoIdentity),
)
async def look_member_up(database: Database, caller: Caller, kind: str, value: str) -> MemberRead:
    """A member by identity · 按凭据查会员: `kind` is phone, card, external, wechat_openid, … ; with balance, tier, offers.

    Creates nobody. A member who was merged is found as the one they became.
    """
    person, now = members.identities_of({kind: value}), clock.now()
    async with database.read(caller.merchant_id) as tx:
        [number] = await members.resolve(tx, [person])
        if number is None:
            raise NobodyKnown(kind)
        merchant = await tenancy.get_merchant(tx)
        day = clock.business_date(now, merchant.zone, merchant.day_start_minutes)
        profile = (await members.members_of(tx, [number]))[number]
        standing = (await tiers.tiers_of(tx, [number], day))[number]
        balance = await points.balance(tx, number, now)
        held = await offers.of_member(tx, number, now)
    return MemberRead(
        member_id=number, name=profile.name, phone_masked=profile.phone_masked, joined_at=profile.joined_at,
        tier=TierHeld(standing.level, standing.name), points=balance,
        offers=[right for right in held if right.state == "usable"],
    )  # fmt: skip


@get(
    "/members/{member_id:int}/entries",
    guards=[http.requires("points.read")],
    responses=http.declares(members.NoSuchMember, paging.BadCursor),
)
async def entries_of_member(
    database: Database, caller: Caller, member_id: int, cursor: str | None = None, limit: int = 50
) -> paging.Page:
    """A member's movements of points · 会员积分流水, the latest first, each with its why; page on with `next_cursor`."""
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return await points.entries_of(tx, member_id, cursor, paging.limited(limit))


@get(
    "/members/{member_id:int}/orders",
    guards=MEMBERS,
    responses=http.declares(members.NoSuchMember, paging.BadCursor),
)
async def orders_of_member(
    database: Database, caller: Caller, member_id: int, cursor: str | None = None, limit: int = 50
) -> paging.Page:
    """What a member bought · 会员订单, the latest first, under any number they ever had; page on with `next_cursor`."""
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return await orders.orders_of(tx, await members.numbers_of(tx, member_id), cursor, paging.limited(limit))


@get("/orders", guards=MEMBERS, responses=http.declares(paging.BadCursor))
async def list_orders(database: Database, caller: Caller, cursor: str | None = None, limit: int = 50) -> paging.Page:
    """All orders · 全部订单, the latest recorded first; page on with `next_cursor`."""
    async with database.read(caller.merchant_id) as tx:
        return await orders.latest(tx, cursor, paging.limited(limit))


routes = [look_member_up, entries_of_member, orders_of_member, list_orders]
