"""Lotteries on the console: prizes with odds and stock, and a turn for a member who stands at the counter."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post

from shuke.assets import points, rewards
from shuke.assets.lotteries import actions, policy, queries
from shuke.ground import access, members
from shuke.kit import clock, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

_SHAPING = (actions.NameTaken, rewards.BadDraw, actions.NoSuchLottery)


class Lotteries(msgspec.Struct, frozen=True, kw_only=True):
    """The lotteries of a merchant."""

    items: list[queries.LotteryShape]


class MemberLotteries(msgspec.Struct, frozen=True, kw_only=True):
    """How many chances a member has, and the lotteries that are open now."""

    chances: int
    items: list[queries.LotteryShape]


class TurnBody(msgspec.Struct, forbid_unknown_fields=True):
    """`key` makes the turn repeatable: the same key is one turn."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


@get("/lotteries", guards=[http.requires("missions.read")])
async def list_lotteries(database: Database, caller: Caller) -> Lotteries:
    """All lotteries with odds, what is left and how many turns were taken, the latest first."""
    async with database.read(caller.merchant_id) as tx:
        return Lotteries(items=await queries.lotteries(tx, clock.now()))


@post("/lotteries", guards=[http.requires("missions.write")], responses=http.declares(*_SHAPING))
async def create_lottery(database: Database, caller: Caller, data: actions.LotteryDraft) -> queries.LotteryShape:
    """Make a lottery; it is open in its period."""
    return await _saved(database, caller, data, None)


@post(
    "/lotteries/{lottery_id:int}",
    guards=[http.requires("missions.write")],
    status_code=200,
    responses=http.declares(*_SHAPING),
)
async def change_lottery(
    lottery_id: int, database: Database, caller: Caller, data: actions.LotteryDraft
) -> queries.LotteryShape:
    """Change prizes, odds, stock, price or period; what was won stays won."""
    return await _saved(database, caller, data, lottery_id)


async def _saved(
    database: Database, caller: Caller, draft: actions.LotteryDraft, lottery_id: int | None
) -> queries.LotteryShape:
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        number = await actions.save(tx, draft, at, lottery_id)
        await access.record(tx, caller, "lottery.saved", ("lottery", str(number)), after={"name": draft.name}, at=at)
        (shown,) = await queries.lotteries(tx, at, lottery_id=number)
    return shown


@post(
    "/lotteries/{lottery_id:int}/end",
    guards=[http.requires("missions.write")],
    status_code=200,
    responses=http.declares(actions.NoSuchLottery),
)
async def end_lottery(lottery_id: int, database: Database, caller: Caller) -> queries.LotteryShape:
    """End a lottery; repeatable."""
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        await actions.close(tx, lottery_id)
        (shown,) = await queries.lotteries(tx, at, lottery_id=lottery_id)
        await access.record(
            tx, caller, "lottery.ended", ("lottery", str(lottery_id)), after={"name": shown.name}, at=at
        )
    return shown


@get(
    "/members/{member_id:int}/lotteries",
    guards=[http.requires("members.read")],
    responses=http.declares(members.NoSuchMember),
)
async def member_lotteries(member_id: int, database: Database, caller: Caller) -> MemberLotteries:
    """How many chances a member has, and where they can be used."""
    at = clock.now()
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        held = await points.balance(tx, member_id, at, policy.CHANCES)
        return MemberLotteries(chances=held.available, items=await queries.lotteries(tx, at, only_open=True))


@post(
    "/members/{member_id:int}/lotteries/{lottery_id:int}/turns",
    guards=[http.requires("members.write")],
    status_code=200,
    responses=http.declares(
        actions.NoSuchLottery, actions.LotteryClosed, actions.NoChanceLeft, actions.TurnOfAnother, members.NoSuchMember
    ),
)
async def turn_for_member(
    member_id: int, lottery_id: int, database: Database, caller: Caller, data: TurnBody
) -> actions.Turned:
    """Take a turn for a member at the counter; on record. The same key is one turn."""
    at = clock.now()

    async def verb(tx: Tx) -> actions.Turned:
        await members.require(tx, member_id)
        turned = await actions.turn(tx, lottery_id, member_id, f"desk:{data.key}", at)
        if turned.state != "repeated":
            await access.record(
                tx, caller, "lottery.turned", ("member", member_id), after={"prize": turned.prize}, at=at
            )
        return turned

    return await database.attempt(caller.merchant_id, verb)


routes = [
    list_lotteries, create_lottery, change_lottery, end_lottery, member_lotteries, turn_for_member,
]  # fmt: skip
