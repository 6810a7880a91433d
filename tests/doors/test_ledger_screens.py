"""The ledger as files: what a spreadsheet opens is what the pages show."""

import io
from datetime import timedelta

import httpx
from openpyxl import load_workbook

from shuke.ground import members
from shuke.kit import clock
from shuke.kit.db import Database
from tests.assets.points.test_verbs import DAY, credit, debit, post


def sheet(answer: httpx.Response) -> list[tuple]:
    return list(load_workbook(io.BytesIO(answer.content)).active.values)


async def test_a_statement_lists_every_movement(owner: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    now = clock.now()
    async with database.write(merchant_id) as tx:
        [one] = await members.ensure_members(tx, [{"phone": "13800138000"}], now)
    earned = [credit(one, 2, f"a{n}", now - 2 * DAY) for n in range(250)]
    await post(database, merchant_id, *earned, debit(one, 120, "s", now), at=now)
    rows = sheet(await owner.get(f"/console/api/members/{one}/statement"))
    assert rows[1][:2] == ("可用", 380)
    assert rows[8][:4] == ("时间", "变动", "之后余额", "原因")
    assert len(rows) == 9 + 251
    assert rows[9][1:3] == (-120, 380)
    assert sum(row[1] for row in rows[9:]) == 380
    trail = (await owner.get("/console/api/audit-trail")).json()["items"][0]
    assert "对账单" in trail["sentence"]["zh"]


async def test_finance_as_a_file_in_points_and_money(
    owner: httpx.AsyncClient, database: Database, merchant_id: int
) -> None:
    now = clock.now()
    points = {"validity": "1Y_U", "value_fen_per_100": 150, "lateness_days": 30}
    assert (await owner.patch("/console/api/settings", json={"points": points})).status_code == 200
    await post(database, merchant_id, credit(1, 333, "a", now), at=now)
    today = clock.business_date(now, "Asia/Shanghai")
    asked = {"from": f"{today - timedelta(days=3)}", "to": f"{today}"}
    head, row = sheet(await owner.get("/console/api/points/finance/export", params=asked))
    assert head[:3] == ("日期", "门店", "发放")
    assert row == (f"{today}", "—", 333, 0, 0, 333, 4.99, 0, 0, 4.99)
    text = (await owner.get("/console/api/points/finance/export", params=asked | {"format": "csv"})).content
    assert text.decode("utf-8-sig").splitlines()[1] == f"{today},—,333,0,0,333,4.99,0.0,0.0,4.99"
