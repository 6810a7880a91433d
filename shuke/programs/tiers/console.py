"""The ladder on the console."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from litestar import Request, get, put

from shuke.ground import access, members
from shuke.kit import clock, http
from shuke.kit.db import Database, Tx
from shuke.programs.tiers import actions, queries
from shuke.programs.tiers.policy import KEPT_FOR, Level


class LevelBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One rung. `multiplier` 2 doubles the points; at most two decimals."""

    level: int
    name: str
    threshold_fen: int
    multiplier: Decimal = Decimal(1)
    name_en: str = ""


class LadderBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole ladder, lowest rung first."""

    levels: list[LevelBody]


@get("/tiers", guards=[http.requires("points.read")])
async def get_tiers(request: Request, database: Database) -> dict[str, Any]:
    """The ladder, with how many members stand on each rung."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        return await _shown(tx)


@put(
    "/tiers",
    guards=[http.requires("tiers.write")],
    responses=http.declares(actions.BadLadder, actions.LevelInUse),
)
async def put_tiers(request: Request, database: Database, data: LadderBody) -> dict[str, Any]:
    """Replace the ladder. Nobody is demoted: members keep their level to the end of its period."""
    caller = http.caller_of(request)
    rungs = [_level(body) for body in data.levels]
    async with database.write(caller.merchant_id) as tx:
        before = {"levels": msgspec.to_builtins(await queries.ladder(tx))}
        await actions.change_ladder(tx, rungs)
        after = {"levels": msgspec.to_builtins(rungs)}
        await access.record(tx, caller, "tiers.changed", ("tiers", ""), before=before, after=after, at=clock.now())
        return await _shown(tx)


async def _shown(tx: Tx) -> dict[str, Any]:
    rungs = await queries.ladder(tx)
    counts = await queries.members_by_level(tx)
    levels = queries.level_shapes(rungs, counts, await members.count_members(tx))
    return {"ladder": {"window_months": 12, "kept_for": KEPT_FOR}, "levels": levels}


def _level(body: LevelBody) -> Level:
    percent = body.multiplier * 100
    if percent != int(percent):
        raise actions.BadLadder(
            field="levels", reason="multipliers have at most two decimals", reason_zh="积分倍数最多两位小数"
        )
    return Level(body.level, body.name.strip(), body.threshold_fen, int(percent), body.name_en.strip())


routes = [get_tiers, put_tiers]
