"""Looking ahead on the console: backtests, the worst case of an order, and the self-test of the rules."""

from __future__ import annotations

from typing import Annotated

from litestar import Request, get, post
from litestar.params import QueryParameter

from shuke.ground import access
from shuke.kit import clock, http, paging
from shuke.kit.db import Database
from shuke.programs.foresight import actions, queries

READ = [http.requires("points.read")]
WRITE = [http.requires("points.rules")]
Amount = Annotated[int, QueryParameter(ge=1, le=100_000_000_00)]


@get("/points/backtests", guards=READ)
async def list_backtests(request: Request, database: Database) -> paging.Page:
    """The latest backtests, the newest first, without what they found."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await queries.list_backtests(tx)
    return paging.Page(items=found, total=len(found))


@get("/points/backtests/{backtest_id:int}", guards=READ, responses=http.declares(queries.NoSuchBacktest))
async def get_backtest(request: Request, database: Database, backtest_id: int) -> queries.BacktestShape:
    """One backtest: how far it is, and what it found."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await queries.get_backtest(tx, backtest_id)


@post(
    "/points/backtests", guards=WRITE,
    responses=http.declares(actions.BadPeriod, actions.NothingToTest, actions.TooManyWaiting),
)  # fmt: skip
async def ask_backtest(request: Request, database: Database, data: queries.Asked) -> queries.BacktestShape:
    """Hold rules and drafts against the real orders of a period; the work goes on in the background."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        asked = await actions.ask(tx, (data.since, data.until), data, at, caller.name)
        await access.record(tx, caller, "backtest.asked", ("backtest", f"{data.since} – {data.until}"), at=at)
        return asked


@post(
    "/points/backtests/{backtest_id:int}/cancel", guards=WRITE, status_code=200,
    responses=http.declares(queries.NoSuchBacktest, actions.BacktestOver),
)  # fmt: skip
async def cancel_backtest(request: Request, database: Database, backtest_id: int) -> queries.BacktestShape:
    """Stop a backtest that waits or runs."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        stopped = await actions.cancel(tx, backtest_id, at)
        await access.record(tx, caller, "backtest.cancelled", ("backtest", f"{stopped.since} – {stopped.until}"), at=at)
        return stopped


@get("/points/worst-case", guards=READ)
async def worst_case(
    request: Request,
    database: Database,
    amount_fen: Amount = 100_000,
    pieces: Annotated[int, QueryParameter(ge=1, le=100)] = 5,
    drafts: bool = False,
) -> queries.WorstCase:
    """The most that a member can get from one order of an amount within a year, and by which rules."""
    merchant_id = http.caller_of(request).merchant_id
    return await queries.worst_case(database, merchant_id, amount_fen, drafts=drafts, pieces=pieces)


@get("/points/self-test", guards=READ)
async def self_test(
    request: Request,
    database: Database,
    amount_fen: Amount = 100_000,
    share_percent: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
    drafts: bool = False,
) -> queries.SelfTest:
    """Attack the merchant's own rules: each way to cheat with its steps and what it costs."""
    merchant_id = http.caller_of(request).merchant_id
    return await queries.self_test(database, merchant_id, amount_fen, share_percent=share_percent, drafts=drafts)


routes = [list_backtests, get_backtest, ask_backtest, cancel_backtest, worst_case, self_test]
