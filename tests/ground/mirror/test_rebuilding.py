"""A copy made anew in many portions, read ahead, is the copy that was made as things happened."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shuke.ground import ingestion, members, mirror
from shuke.ground.mirror.actions import copying, rebuilding
from shuke.kit.db import Database
from shuke.programs import intake

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
WHO = ("小美", "小雨", "小晴")


@pytest.fixture(autouse=True)
def _little_by_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "LARGE", copying.Portion(3, 10, 1 << 20))


async def a_week(database: Database, merchant_id: int) -> None:
    """Orders, refunds and views of three members, one of whom is merged into another on the way."""
    for day in range(7):
        at, name = NOON + timedelta(days=day), WHO[day % 3]
        line = ingestion.LineIn(sku="JH-01", product="玫瑰精华", category="护肤", amount_fen=19_900, quantity=1 + day)
        bought = ingestion.OrderIn(
            source="pos", order_id=f"A{day}", occurred_at=at, member={"external": name}, store_id="s1", channel="pos",
            lines=[line, ingestion.LineIn(sku="MM-07", amount_fen=5_800)],
        )  # fmt: skip
        viewed = ingestion.EventIn(
            event="view", event_id=f"e{day}", occurred_at=at, member={"external": name},
            properties={"sku": "JH-01", "seconds": day * 7, "share": day / 8, "finished": day % 2 == 0},
        )  # fmt: skip
        await intake.apply(database, merchant_id, [bought, viewed], history=True)
        if day == 3:
            async with database.write(merchant_id) as tx:
                await members.merge(tx, 1, 2, by="店长", at=at)
    back = ingestion.RefundIn(
        source="pos", refund_id="r", order_id="A0", occurred_at=NOON + timedelta(days=9), amount_fen=9_900
    )
    await intake.apply(database, merchant_id, [back], history=True)


async def everything(columns: mirror.Mirror, merchant_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """All rows, of equal ones all; `idx` only tells what stands earlier in its own announcement. Members as they are now."""
    asked = {name: "* EXCEPT idx" for table in columns.registry.tables.values() for name, _ in table.physical}
    asked["members"] = "DISTINCT member, argMax(joined_at, seq) OVER who, argMax(gone, seq) OVER who"
    return {
        name: sorted(
            await mirror.rows(
                columns,
                f"SELECT {what} FROM {name} WHERE merchant = {merchant_id} WINDOW who AS (PARTITION BY member)",
            ),
            key=repr,
        )
        for name, what in asked.items()
    }


async def test_in_portions_it_is_the_same(database: Database, columns: mirror.Mirror, merchant_id: int) -> None:
    await a_week(database, merchant_id)
    while await mirror.copy(columns, database, [merchant_id]):
        pass
    before = await everything(columns, merchant_id)
    assert {name for name, rows in before.items() if rows} >= {"orders", "order_lines", "events", "members"}
    head = await mirror.rebuild(columns, database, merchant_id)
    assert head > 3 * rebuilding.LARGE.news
    assert await everything(columns, merchant_id) == before


@pytest.mark.parametrize("killed", ["insert", "advance"])
async def test_killed_in_the_middle_nothing_is_there_twice(
    database: Database, columns: mirror.Mirror, merchant_id: int, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    """The third portion dies before its rows are in, or after that and before the cursor moved."""
    await a_week(database, merchant_id)
    await mirror.drain(columns, database, merchant_id)
    before = await everything(columns, merchant_id)
    turns = 0
    plain_insert, plain_advance = columns.engine.insert, copying._advance

    async def dying(one: str, plain: Any, *given: Any) -> None:
        nonlocal turns
        turns += one == killed
        if one == killed and turns == 3:
            raise KeyboardInterrupt
        await plain(*given)

    monkeypatch.setattr(columns.engine, "insert", lambda parts: dying("insert", plain_insert, parts))
    monkeypatch.setattr(copying, "_advance", lambda *given: dying("advance", plain_advance, *given))
    with pytest.raises(KeyboardInterrupt):
        await mirror.rebuild(columns, database, merchant_id)
    assert turns == 3
    await mirror.drain(columns, database, merchant_id)
    assert await everything(columns, merchant_id) == before


async def test_who_copies_meanwhile_is_not_overtaken(
    database: Database, columns: mirror.Mirror, merchant_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop of the process takes turns with a rebuilding: what was read ahead of its round is read again."""
    await a_week(database, merchant_id)
    await mirror.drain(columns, database, merchant_id)
    before = await everything(columns, merchant_id)
    plain, meanwhile = rebuilding.tell, []

    def told(*given: Any) -> None:
        plain(*given)
        if len(meanwhile) < 3:
            meanwhile.append(asyncio.ensure_future(mirror.copy(columns, database, [merchant_id])))

    monkeypatch.setattr(rebuilding, "tell", told)
    await mirror.rebuild(columns, database, merchant_id)
    for one in meanwhile:
        await one
    assert len(meanwhile) == 3
    assert await everything(columns, merchant_id) == before
