"""The member side of lotteries, by API key: what is open with which odds, and a turn."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post

from shuke.assets import points
from shuke.assets.lotteries import actions, policy, queries
from shuke.ground import members
from shuke.kit import clock, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

TAKE = [http.requires("missions.take")]


class OpenLotteries(msgspec.Struct, frozen=True, kw_only=True):
    """The lotteries that are open now."""

    items: list[queries.LotteryShape]


class MemberTurn(msgspec.Struct, forbid_unknown_fields=True):
    """Whose turn, by identity ({"phone": …}); `key` is the sender's own number of this turn, for ever unique."""

    member: Annotated[dict[str, str], msgspec.Meta(max_length=9)]
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class TurnAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the turn brought, and how many chances the member has left. States: won, repeated, returned."""

    state: str
    member_id: int
    prize: str
    prize_state: str
    chances_left: int


@get("/lotteries", guards=TAKE)
async def open_lotteries(database: Database, caller: Caller) -> OpenLotteries:
    """What is open now · 进行中的抽奖, with the odds (hundredths of a percent) and what is left of each prize, to be shown to
    members before they draw."""
    async with database.read(caller.merchant_id) as tx:
        return OpenLotteries(items=await queries.lotteries(tx, clock.now(), only_open=True))


@post(
    "/lotteries/{lottery_id:int}/turns",
    guards=TAKE,
    status_code=200,
    responses=http.declares(
        actions.NoSuchLottery, actions.LotteryClosed, actions.NoChanceLeft, actions.TurnOfAnother, members.NoIdentity,
        members.BadIdentity, members.UnknownIdentity,
    ),
)  # fmt: skip
async def take_turn(lottery_id: int, database: Database, caller: Caller, data: MemberTurn) -> TurnAnswer:
    """Spend a lottery chance and draw · 抽奖. The same key is one turn: a repeat gets the first answer and spends nothing.

    Where the prize cannot be given, the chance comes back and the state is `returned`.
    """
    at = clock.now()
    person = members.identities_of(data.member)

    async def verb(tx: Tx) -> TurnAnswer:
        [member_id] = await members.ensure_members(tx, [person], at)
        turned = await actions.turn(tx, lottery_id, member_id, f"api:{data.key}", at)
        held = await points.balance(tx, member_id, at, policy.CHANCES)
        return TurnAnswer(
            state=turned.state, member_id=member_id, prize=turned.prize, prize_state=turned.prize_state,
            chances_left=held.available,
        )  # fmt: skip

    return await database.attempt(caller.merchant_id, verb)


routes = [open_lotteries, take_turn]
