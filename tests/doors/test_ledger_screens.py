"""The ledger as files: what a spreadsheet opens is what the pages show."""

import io
import re
import zlib
from datetime import timedelta

import httpx
from openpyxl import load_workbook

from shuke.assets import points
from shuke.doors.screens import paper
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
    wanted = {"validity": "1Y_U", "value_fen_per_100": 150, "lateness_days": 30}
    assert (await owner.patch("/console/api/settings", json={"points": wanted})).status_code == 200
    await post(database, merchant_id, credit(1, 333, "a", now), at=now)
    today = clock.business_date(now, "Asia/Shanghai")
    asked = {"from": f"{today - timedelta(days=3)}", "to": f"{today}"}
    head, row = sheet(await owner.get("/console/api/points/finance/export", params=asked))
    assert head[:3] == ("日期", "门店", "发放")
    assert row == (f"{today}", "—", 333, 0, 0, 333, 4.99, 0, 0, 4.99)
    text = (await owner.get("/console/api/points/finance/export", params=asked | {"format": "csv"})).content
    assert text.decode("utf-8-sig").splitlines()[1] == f"{today},—,333,0,0,333,4.99,0.0,0.0,4.99"


def printed(made: bytes) -> list[str]:
    """The lines of each page, as the streams of the file say them."""
    streams = [zlib.decompress(one) for one in re.findall(rb"stream\n(.*?)\nendstream", made, re.DOTALL)]
    return [
        "\n".join(bytes.fromhex(told.decode()).decode("utf-16-be") for told in re.findall(rb"<([0-9a-f]*)> Tj", one))
        for one in streams
    ]


async def test_a_statement_on_paper(owner: httpx.AsyncClient, database: Database, merchant_id: int) -> None:
    await owner.post("/console/api/members", json={"phone": "13800138000", "name": "林晓芙"})
    now = clock.now()
    reason = "周年庆双倍积分，感谢您十年来的支持，" * 8
    given = [
        points.Posting(
            member_id=1, points=n, type="earn", key=f"k{n}", why={"zh": reason if n == 5 else "消费送积分"}, occurred_at=now
        )
        for n in range(1, 121)
    ]  # fmt: skip
    await database.attempt(merchant_id, points.post, given)
    answer = await owner.get("/console/api/members/1/statement", params={"format": "pdf"})
    assert (answer.headers["content-type"], answer.content[:8]) == ("application/pdf", b"%PDF-1.7")
    assert "statement-1-points.pdf" in answer.headers["content-disposition"]
    first, *more = printed(answer.content)
    assert first.startswith("林晓芙 138****8000　积分对账单\n可用  7,260\n")
    assert [page.splitlines()[-1] for page in (first, *more)] == ["1 / 3", "2 / 3", "3 / 3"]
    together = "\n".join((first, *more))
    assert (together.count("消费送积分"), together.count("+120\n7,260")) == (119, 1)
    assert "".join(line for line in together.splitlines() if line and line in reason) == reason
    for page in more:
        assert page.startswith("时间\n变动\n之后余额\n原因\n")


async def test_stored_credit_is_told_in_yuan(owner: httpx.AsyncClient) -> None:
    await owner.post("/console/api/members", json={"phone": "13800138000", "name": "林晓芙"})
    for fen in (9_950, -1_005):
        body = {"points": fen, "reason": "柜台充值", "wallet": "stored_credit"}
        assert (await owner.post("/console/api/members/1/adjust", json=body)).status_code == 201
    path, asked = "/console/api/members/1/statement", {"wallet": "stored_credit"}
    rows = sheet(await owner.get(path, params=asked))
    assert rows[1][:2] == ("可用", 89.45)
    assert rows[8][:3] == ("时间", "变动（元）", "之后余额（元）")
    assert [row[1:3] for row in rows[9:]] == [(-10.05, 89.45), (99.5, 99.5)]
    [page] = printed((await owner.get(path, params=asked | {"format": "pdf"})).content)
    assert "可用  89.45" in page and "-10.05\n89.45" in page and "+99.50\n99.50" in page and "变动（元）" in page


def test_lines_are_no_wider_than_asked_and_lose_nothing() -> None:
    for text in ("积分 12,345 points for spending in the shop", "很长" * 60, "x" * 90, ""):
        lines = paper.wrapped(text, 90)
        assert all(paper.width_of(line) <= 90 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
