"""Figures by day and store come from sums that follow the entries: the same before, between and after counting up."""

import asyncio
from datetime import date, timedelta

import httpx

from shuke.assets import finance, points
from shuke.kit import clock
from shuke.kit.db import Database
from tests.assets.points.test_verbs import DAY, T0, WHY, credit, debit, post
from tests.statements import counted


async def rows(database: Database, merchant_id: int) -> list[tuple]:
    async with database.read(merchant_id) as tx:
        found = await finance.finance(tx, date(2026, 2, 1), date(2026, 12, 31), "Asia/Shanghai")
    return [(one.date.day, one.store_id, one.issued, one.used, one.expired, one.outstanding) for one in found]


async def test_sums_and_the_rest_are_one(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        store = await tx.value("select store_id from store where merchant_id = %(merchant_id)s")
        for order_id in (71, 72):
            await tx.run(
                "insert into orders (merchant_id, order_id, source, source_key, store_id, amount_fen, list_fen, "
                "occurred_at, recorded_at, business_date) values (%(merchant_id)s, %(id)s, 'pos', %(key)s, "
                "%(store)s, 100, 100, %(at)s, %(at)s, '2026-03-01')",
                id=order_id, key=f"SO-{order_id}", store=store, at=T0,
            )  # fmt: skip
    sold = points.Posting(
        member_id=1, points=100, type="earn", key="o", why=WHY, occurred_at=T0, expires_at=T0 + 3 * DAY, order_id=71
    )
    await post(database, merchant_id, sold, credit(2, 40, "n", days=2))
    expected = [(1, 0, 40, 0, 0, 40), (1, store, 100, 0, 0, 100)]
    assert await rows(database, merchant_id) == expected
    await asyncio.gather(*(finance.count_up_merchant(database, merchant_id) for _ in range(4)))
    assert await rows(database, merchant_id) == expected
    await post(database, merchant_id, debit(1, 30, "s", T0 + DAY), at=T0 + DAY)
    with clock.at(T0 + 5 * DAY):
        await points.sweep_merchant(database, merchant_id, T0 + 5 * DAY)
    after = [*expected[:1], expected[1], (2, 0, 0, 30, 0, 10), (3, 0, 0, 0, 40, -30), (4, 0, 0, 0, 70, -100)]
    assert await rows(database, merchant_id) == after
    for stride in (1, 2):
        await database.attempt(merchant_id, finance.count_up, stride)
        assert await rows(database, merchant_id) == after
    async with database.read(merchant_id) as tx:
        counting = counted(tx)
        found = await finance.figures(tx, T0 + 5 * DAY, 5, "Asia/Shanghai")
        assert counting.count <= 5
    assert (found.issued, found.used, found.expired, found.outstanding) == (140, 30, 110, 0)


async def test_on_the_console(owner: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    now = clock.now()
    await post(database, merchant_id, credit(1, 500, "a", now), at=now)
    day = clock.business_date(now, "Asia/Shanghai")
    asked = {"from": f"{day - timedelta(days=6)}", "to": f"{day}"}
    found = (await owner.get("/console/api/points/finance", params=asked)).json()
    assert [(row["date"], row["issued"], row["outstanding"]) for row in found["rows"]] == [(f"{day}", 500, 500)]
    refused = await owner.get("/console/api/points/finance", params={"from": "heute", "to": "morgen"})
    assert refused.status_code == 400
