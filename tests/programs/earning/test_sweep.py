"""What waits for an order is let go when no order can use it any more, and not before."""

import sys
from datetime import datetime, timedelta

import pytest

from shuke.kit.db import Database
from shuke.programs.earning import jobs, models
from shuke.programs.earning.actions import let_go

NOW = datetime.fromisoformat("2026-11-21T10:00:00+08:00")
LATENESS = timedelta(days=30)


async def waits(database: Database, merchant_id: int, ref: str, ago: int, kept_ago: int, used: bool = False) -> None:
    row = {
        "member_id": 7, "event": "video_watched", "ref": ref, "at": NOW - timedelta(days=ago), "skus": [], "used": used,
        "kept_at": NOW - timedelta(days=kept_ago),
    }  # fmt: skip
    async with database.write(merchant_id) as tx:
        await tx.insert(models.Waiting, [row])


async def left(database: Database, merchant_id: int) -> list[str]:
    async with database.read(merchant_id) as tx:
        rows = await tx.rows("select ref from earning_waiting where merchant_id = %(merchant_id)s order by ref")
    return [row.ref for row in rows]


async def test_only_what_no_order_can_use_goes(
    database: Database, merchant_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await waits(database, merchant_id, "a 旧视频", 121, 121)
    await waits(database, merchant_id, "b 旧视频", 200, 31)
    await waits(database, merchant_id, "c 迟到的订单还用得上", 119, 119)
    await waits(database, merchant_id, "d 刚导入的往事", 300, 29)
    await waits(database, merchant_id, "e 已经用过", 200, 200, used=True)
    monkeypatch.setattr(sys.modules[let_go.__module__], "LET_GO_AT_ONCE", 1)
    assert await let_go(database, merchant_id, NOW, LATENESS) == 2
    assert [ref[0] for ref in await left(database, merchant_id)] == ["c", "d", "e"]
    assert await let_go(database, merchant_id, NOW, LATENESS) == 0


async def test_the_job_comes_round_at_the_start_of_the_next_day(database: Database, merchant_id: int) -> None:
    following = await jobs.sweep_waiting(database, merchant_id)
    assert (following.astimezone(NOW.tzinfo).hour, following.astimezone(NOW.tzinfo).minute) == (0, 0)
