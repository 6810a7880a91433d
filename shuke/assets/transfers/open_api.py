"""Transfers by the API: a mini program lets a member give points to another."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post

from shuke.assets import points
from shuke.assets.points import POINTS
from shuke.assets.transfers import actions, policy
from shuke.ground import members
from shuke.kit import clock, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller


class MemberTransfer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who gives how much to whom; `key` is the sender's own number of this transfer, for ever unique."""

    from_member: int
    to_member: int
    points: int
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    note: Annotated[str, msgspec.Meta(max_length=policy.LONGEST_NOTE)] = ""
    wallet: str = POINTS


@post(
    "/transfers",
    guards=[http.requires("points.transfer")],
    status_code=200,
    responses=http.declares(
        points.NoSuchWallet, points.NotEnoughPoints, policy.OverCap, policy.ToOneself, policy.WrongAmount,
        policy.NotAGift, actions.KeyReused, members.NoSuchMember,
    ),
)  # fmt: skip
async def give_points_by_key(data: MemberTransfer, database: Database, caller: Caller) -> actions.Given:
    """Give a member's points to another, within the caps; lots keep their expiry. The same key is booked once."""
    at = clock.now()

    async def give(tx: Tx) -> actions.Given:
        for member_id in (data.from_member, data.to_member):
            await members.require(tx, member_id)
        gift = actions.Gift(
            from_id=data.from_member, to_id=data.to_member, points=data.points, key=f"api:{data.key}", note=data.note
        )
        return await actions.give(tx, gift, at, data.wallet)

    return await database.attempt(caller.merchant_id, give)


routes = [give_points_by_key]
