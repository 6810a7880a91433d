"""Holds by the API: a shop sets points aside while a member pays, then captures or releases them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post

from shuke.assets import points
from shuke.assets.holds import actions, policy
from shuke.assets.points import POINTS
from shuke.ground import members
from shuke.kit import clock, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

HOLD = [http.requires("points.hold")]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class HoldBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose points, how many, for how many seconds (900), what for; `key` is the sender's own number, for ever unique."""

    member_id: int
    points: int
    key: Key
    note: Annotated[str, msgspec.Meta(max_length=policy.LONGEST_NOTE)] = ""
    seconds: int | None = None
    wallet: str = POINTS


@post(
    "/holds",
    guards=HOLD,
    status_code=200,
    responses=http.declares(
        points.NoSuchWallet, points.NotEnoughPoints, actions.NothingToHold, actions.HeldDifferently, policy.BadTimeLimit,
        members.NoSuchMember,
    ),
)  # fmt: skip
async def hold_points(data: HoldBody, database: Database, caller: Caller) -> points.HoldShape:
    """Set points aside while a member pays · 冻结积分; they come free by themselves when the time is over.

    The same key is held once: a repeat answers what became of it. Capture when the money is there, release when it is not.
    """
    at = clock.now()

    async def hold(tx: Tx) -> points.HoldShape:
        await members.require(tx, data.member_id)
        wish = actions.Wish(**msgspec.structs.asdict(data))
        return await actions.hold(tx, msgspec.structs.replace(wish, key=f"api:{data.key}"), at)

    return _told(await database.attempt(caller.merchant_id, hold))


@get("/holds/{key:str}", guards=HOLD, responses=http.declares(points.NoSuchHold))
async def read_hold(key: Key, database: Database, caller: Caller) -> points.HoldShape:
    """What became of a hold · 查询冻结: open, captured, released or timed_out."""
    async with database.read(caller.merchant_id) as tx:
        found = await points.find_hold(tx, clock.now(), key=f"api:{key}")
    if found is None:
        raise points.NoSuchHold(key=key)
    return _told(found)


@post(
    "/holds/{key:str}/capture",
    guards=HOLD,
    status_code=200,
    responses=http.declares(points.NoSuchHold, points.HoldEnded),
)
async def capture_hold(key: Key, database: Database, caller: Caller) -> points.HoldShape:
    """Spend what was set aside · 扣除冻结的积分; repeatable. After its time a hold is over: hold again or give the money back."""
    return await _closed(database, caller, key, actions.capture)


@post(
    "/holds/{key:str}/release",
    guards=HOLD,
    status_code=200,
    responses=http.declares(points.NoSuchHold, points.HoldEnded),
)
async def release_hold(key: Key, database: Database, caller: Caller) -> points.HoldShape:
    """Give back what was set aside · 解冻积分, to the same lots with the same ends; repeatable."""
    return await _closed(database, caller, key, actions.release)


async def _closed(
    database: Database, caller: Caller, key: str, verb: Callable[[Tx, str, datetime], Awaitable[points.HoldShape]]
) -> points.HoldShape:
    found: points.HoldShape = await database.attempt(caller.merchant_id, verb, f"api:{key}", clock.now())
    return _told(found)


def _told(found: points.HoldShape) -> points.HoldShape:
    """The caller knows the hold by the key they gave."""
    return msgspec.structs.replace(found, key=found.key.removeprefix("api:"))


routes = [hold_points, read_hold, capture_hold, release_hold]
