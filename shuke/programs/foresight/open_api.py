"""Looking ahead, for staff and by API key alike: backtests, the worst case of an order, and the self-test of the rules."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import QueryParameter

from shuke.kit import clock, http, paging
from shuke.kit.db import Database
from shuke.programs.foresight import actions, queries

READ = [http.requires("points.read")]
WRITE = [http.requires("points.rules")]
Amount = Annotated[int, QueryParameter(ge=1, le=100_000_000_00)]
Pieces = Annotated[int, QueryParameter(ge=1, le=100)]
Share = Annotated[int, QueryParameter(ge=1, le=100)]


def _backtests(under: str) -> list[Any]:
    path = f"{under}/backtests"

    @get(path, guards=READ, responses=http.declares(paging.BadCursor))
    async def list_backtests(
        request: Request, database: Database, cursor: str | None = None, limit: int | None = None
    ) -> paging.Page:
        """做过的回测，最新的在前；结果用编号单独查。

        Backtests, the newest first, without what they found.
        """
        async with database.read(http.caller_of(request).merchant_id) as tx:
            return await queries.list_backtests(tx, cursor, paging.limited(limit, 20))

    @get(f"{path}/{{backtest_id:int}}", guards=READ, responses=http.declares(queries.NoSuchBacktest))
    async def get_backtest(request: Request, database: Database, backtest_id: int) -> queries.BacktestShape:
        """一次回测的进度和结果：每天、每个分群本来发了多少积分、按这套规则会发多少，最受益的十位会员。

        How far a backtest is, and what it found: points issued and would-be by day and segment, and the ten most favoured.
        """
        async with database.read(http.caller_of(request).merchant_id) as tx:
            return await queries.get_backtest(tx, backtest_id)

    @post(
        path, guards=WRITE, responses=http.declares(actions.BadPeriod, actions.NothingToTest, actions.TooManyWaiting)
    )  # fmt: skip
    async def ask_backtest(request: Request, database: Database, data: queries.Asked) -> queries.BacktestShape:
        """回测：用一段日子的真实订单和行为试一套规则（正式的和草稿），由系统自己慢慢算；进度和结果用编号查询。

        Hold rules and drafts against the real orders and events of a period, in the background; ask by its number how far it is.
        """
        caller = http.caller_of(request)
        async with database.write(caller.merchant_id) as tx:
            return await actions.ask_by(tx, caller, data, clock.now())

    @post(
        f"{path}/{{backtest_id:int}}/cancel", guards=WRITE, status_code=200,
        responses=http.declares(queries.NoSuchBacktest, actions.BacktestOver),
    )  # fmt: skip
    async def cancel_backtest(request: Request, database: Database, backtest_id: int) -> queries.BacktestShape:
        """取消还没跑完的回测。

        Stop a backtest that waits or runs.
        """
        caller = http.caller_of(request)
        async with database.write(caller.merchant_id) as tx:
            return await actions.cancel_by(tx, caller, backtest_id, clock.now())

    return [list_backtests, get_backtest, ask_backtest, cancel_backtest]


def _searches(under: str) -> list[Any]:
    @get(f"{under}/worst-case", guards=READ)
    async def worst_case(
        request: Request, database: Database, amount_fen: Amount = 100_000, pieces: Pieces = 5, drafts: bool = False
    ) -> queries.WorstCase:
        """一笔订单最多能得多少积分：一年里哪一天、什么会员、凑齐哪些条件、由哪些规则给。

        The most that a member can get from one order of an amount within a year, and by which rules.
        """
        merchant_id = http.caller_of(request).merchant_id
        return await queries.worst_case(database, merchant_id, amount_fen, drafts=drafts, pieces=pieces)

    @get(f"{under}/self-test", guards=READ)
    async def self_test(
        request: Request,
        database: Database,
        amount_fen: Amount = 100_000,
        share_percent: Share = 20,
        drafts: bool = False,
    ) -> queries.SelfTest:
        """规则自查：用真实的规则引擎试各种薅羊毛的办法，每一种写明步骤和损失。

        Attack the merchant's own rules: each way to cheat with its steps and what it costs.
        """
        merchant_id = http.caller_of(request).merchant_id
        return await queries.self_test(database, merchant_id, amount_fen, share_percent=share_percent, drafts=drafts)

    return [worst_case, self_test]


routes = [*_backtests("/earning"), *_searches("/earning")]
on_console = [*_backtests("/points"), *_searches("/points")]
