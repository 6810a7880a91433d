"""`shuke bench backtest`: twenty rules held against a year of orders, against reading the same orders in the same batches.

A server of its own in a folder of its own; the orders are written straight into the table, the backtest is the product's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
from contextlib import asynccontextmanager
from datetime import date, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bench.policy import RULES
from shuke.doors import setup
from shuke.ground import orders
from shuke.kit import clock, config
from shuke.kit.db import Database, embedded, migrate
from shuke.programs import earning, foresight

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
_FILL = """
insert into orders (merchant_id, order_id, source, source_key, member_id, store_id, channel, occurred_at, business_date,
    amount_fen, list_fen, points_earned, lines, payments, history, recorded_at)
select %(merchant_id)s, 1000000 + n, 'bench', n::text, 1 + (n::bigint * 7919) %% %(members)s, null,
    (array['pos', 'mini', 'web'])[1 + n %% 3], at, (at at time zone 'Asia/Shanghai')::date, 9900 + n %% 60000, 9900 + n %% 60000,
    99 + n %% 600, jsonb_build_array(
        %(goods)s::jsonb || jsonb_build_object('amount_fen', 5000),
        %(meal)s::jsonb || jsonb_build_object('amount_fen', 4900 + n %% 60000)),
    '[{"method": "wechat", "amount_fen": 9900}]', true, at
from generate_series(1, %(count)s) n, lateral (
    select '2025-01-01T00:00:00+08:00'::timestamptz + make_interval(secs => n::bigint * 31535000 / %(count)s) as at
) t
"""
_GOODS = {"sku": "JH-01", "quantity": 1, "category": "护肤", "brand": "花语", "product": "玫瑰精华"}
_MEAL = {"sku": "TC-01", "quantity": 1, "category": "独行侠套餐", "product": "一人食套餐"}


@asynccontextmanager
async def server() -> AsyncIterator[Database]:
    """An empty server, removed afterwards."""
    home = config.load().home / f"bench-{os.getpid()}"
    home.mkdir(parents=True)
    postmaster = embedded.Postmaster(home)
    postmaster.start()
    try:
        migrate.upgrade(postmaster.url)
        database = await Database.open(postmaster.url, size=3, hot_size=1)
        yield database
        await database.close()
    finally:
        postmaster.stop()
        shutil.rmtree(home, ignore_errors=True)


async def shop(database: Database, count: int, members: int) -> int:
    """A merchant with the twenty rules and a year of orders."""
    at = clock.now()
    merchant_id = await setup.create_merchant(
        database, slug="bench", name="压测", zone="Asia/Shanghai", at=at, stores=["s1"]
    )
    async with database.write(merchant_id) as tx:
        for kind, params, conditions, terms in RULES:
            draft = earning.Draft(name=kind, params=params, conditions=conditions, terms=terms)
            await earning.publish(tx, await earning.create_rule(tx, kind, draft, at), at)
    async with database.write(merchant_id) as tx:
        await tx.run(_FILL, count=count, members=members, goods=json.dumps(_GOODS), meal=json.dumps(_MEAL))
    async with database.write(merchant_id) as tx:
        await tx.run("analyze orders")
    return merchant_id


async def read_through(database: Database, merchant_id: int) -> float:
    """Seconds to read all orders in order of time, as the backtest reads them, and to do nothing with them."""
    began = perf_counter()
    async with database.read(merchant_id) as tx:
        _, numbers = await orders.numbers_in_order(tx, YEAR[0], YEAR[1] + timedelta(days=1))
    for begin in range(0, len(numbers), 2_000):
        async with database.read(merchant_id) as tx:
            await orders.past_orders(tx, numbers[begin : begin + 2_000])
    return perf_counter() - began


async def measure(count: int, members: int) -> dict[str, Any]:
    """The backtest's orders a second and the memory of the process, and the reading alone."""
    async with server() as database:
        merchant_id = await shop(database, count, members)
        reading = await read_through(database, merchant_id)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with database.write(merchant_id) as tx:
            asked = await foresight.ask(tx, YEAR, foresight.Chosen(), clock.now())
        began = perf_counter()
        await foresight.run(database, merchant_id, asked.backtest_id)
        seconds = perf_counter() - began
        async with database.read(merchant_id) as tx:
            found = (await foresight.get_backtest(tx, asked.backtest_id)).outcome
    assert found is not None and found.orders == count
    return {
        "bench": "backtest", "orders": count, "members": found.members, "rules": len(RULES) + 1, "points": found.would,
        "seconds": round(seconds, 1), "orders_per_second": round(count / seconds),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "memory_before_mb": before // 1024,
        "baseline": {"reading_seconds": round(reading, 1)}, "ratio": round(seconds / reading, 2),
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    """`[--orders N] [--members N]`; the last line of stdout is the JSON result."""
    parser = argparse.ArgumentParser(prog="shuke bench backtest")
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--members", type=int, default=100_000)
    given = parser.parse_args(arguments)
    print(json.dumps(asyncio.run(measure(given.orders, given.members))))
    return 0
