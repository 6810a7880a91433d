"""Points by the API: what a member holds, now or at a past instant, in any wallet."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from litestar import get

from shuke.assets import points
from shuke.assets.points import POINTS
from shuke.ground import members
from shuke.kit import clock, http
from shuke.kit.db import Database
from shuke.kit.http import Caller


@get(
    "/members/{member_id:int}/balance",
    guards=[http.requires("points.read")],
    responses=http.declares(points.NoSuchWallet, points.NotYet, members.NoSuchMember),
)
async def balance_of_member(
    database: Database, caller: Caller, member_id: int, at: datetime | None = None, known: Literal["now", "then"] = "now",
    wallet: str = POINTS,
) -> points.Balance:  # fmt: skip
    """The parts of a member's balance, now or at the past instant `at`; `known=then` leaves out what was recorded later."""
    points.known_wallet(wallet)
    now = clock.now()
    if at is not None and at > now:
        raise points.NotYet(field="at")
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        if at is None:
            return await points.balance(tx, member_id, now, wallet)
        return (await points.balances_at(tx, [member_id], at, at if known == "then" else None, wallet))[member_id]


routes = [balance_of_member]
