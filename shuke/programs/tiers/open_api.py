"""The member side of tiers, by API key: where a member stands and how far it is to the next level."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import QueryParameter

from shuke.ground import members, tenancy
from shuke.kit import clock, errors, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller
from shuke.programs.tiers.queries import standings


class TiersAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A member's standing on every ladder, the main one first."""

    member_id: int
    tiers: list[standings.TierShape]


@get(
    "/tiers",
    guards=[http.requires("tiers.see")],
    responses=http.declares(errors.NotFound, members.NoSuchMember, members.BadIdentity, members.UnknownIdentity),
)
async def member_tiers(
    database: Database,
    caller: Caller,
    member: Annotated[str, QueryParameter(description="number, or identity as kind:value")],
) -> TiersAnswer:
    """A member's tier · 会员等级: level, what it brings, how far to the next. `member` is a number or `phone:13800138000`."""
    async with database.read(caller.merchant_id) as tx:
        member_id = await _named(tx, member)
        day = standings.day_of(clock.now(), await tenancy.get_merchant(tx))
        found = await standings.standings_everywhere(tx, [member_id], day)
    return TiersAnswer(member_id=member_id, tiers=found[member_id])


async def _named(tx: Tx, text: str) -> int:
    if text.isdigit():
        await members.require(tx, int(text))
        return int(text)
    kind, _, value = text.partition(":")
    [member_id] = await members.resolve(tx, [members.identities_of({kind: value})])
    if member_id is None:
        raise errors.NotFound(what="member", what_zh="会员", field="member")
    return member_id


routes = [member_tiers]
