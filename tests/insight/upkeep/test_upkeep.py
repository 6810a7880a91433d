"""Runs go through all segments and tell how far they are; what was deleted comes back whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyroaring import BitMap

from shuke.doors import wiring
from shuke.ground import ingestion, mirror
from shuke.insight import segments, upkeep
from shuke.insight.segments.actions import gone
from shuke.insight.upkeep import actions
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import intake

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
BUYERS = {"did": "order"}
BIG = {"did": "order", "measure": {"sum": "amount_fen"}, "op": ">=", "value": 20_000}


def bought(key: str, member: str, amount: int) -> ingestion.OrderIn:
    line = ingestion.LineIn(sku="A1", quantity=1, amount_fen=amount, category="护肤")
    return ingestion.OrderIn(
        source="t", order_id=key, occurred_at=NOON - timedelta(days=2), member={"external": member}, store_id="s1",
        channel="pos", lines=[line],
    )  # fmt: skip


@pytest.fixture
async def shop(database: Database, columns: mirror.Mirror, merchant_id: int) -> int:
    """Two segments that were counted: 老客 with two members, 大客户 with one of them."""
    assert wiring.FACTS
    await intake.apply(database, merchant_id, [bought("1", "a", 30_000), bought("2", "b", 5_000)], history=True)
    async with database.write(merchant_id) as tx:
        await segments.create_segment(tx, name="老客", slug="buyers", rule=BUYERS, at=NOON)
        await segments.create_segment(tx, name="大客户", slug="big", rule=BIG, at=NOON)
    await segments.refresh(database, columns, merchant_id, NOON)
    return merchant_id


async def test_a_run_proves_all_and_tells_what_differed(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await segments.refresh(database, columns, shop, clock.now())
    async with database.write(shop) as tx:
        begun = await upkeep.start(tx, "proof", None, NOON, "小美")
        assert (begun.state, begun.done, begun.total, begun.now) == ("running", 0, 2, "大客户")
        with pytest.raises(upkeep.RunUnderWay):
            await upkeep.start(tx, "recount", ["buyers"], NOON)
        await tx.run(
            "update segment_chunk set members = %(nobody)s where merchant_id = %(merchant_id)s and segment_id = "
            "(select segment_id from segment where merchant_id = %(merchant_id)s and slug = 'buyers')",
            nobody=BitMap([77]).serialize(),
        )
    await actions.carry_on(database, columns, shop)
    async with database.read(shop) as tx:
        ended = await upkeep.latest(tx)
        assert ended is not None
        assert (ended.state, ended.done, ended.different, ended.now) == ("done", 2, 1, None)
        assert len(await segments.members(tx, "buyers")) == 2
        shown = await segments.get_segment(tx, "buyers")
    assert shown.difference is not None
    assert (shown.difference["missing"], shown.difference["extra"]) == (2, 1)


async def test_a_cancelled_run_stops_and_another_goes_on_where_it_was(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:  # fmt: skip
    async with database.write(shop) as tx:
        begun = await upkeep.start(tx, "recount", None, NOON)
        await upkeep.cancel(tx, begun.run_id, NOON)
    await actions.carry_on(database, columns, shop)
    async with database.write(shop) as tx:
        ended = await upkeep.latest(tx)
        assert ended is not None
        assert (ended.state, ended.done) == ("cancelled", 0)
        again = await upkeep.start(tx, "recount", ["big", "buyers"], NOON)
        await tx.run(
            "update segment_run set done = 1 where merchant_id = %(merchant_id)s and run_id = %(run)s", run=again.run_id
        )
        told = await upkeep.latest(tx)
        assert told is not None
        assert (told.done, told.now) == (1, "老客")
        with pytest.raises(segments.NoSuchSegment):
            await upkeep.start(tx, "recount", ["nobody"], NOON)
    await actions.carry_on(database, columns, shop)
    async with database.read(shop) as tx:
        ended = await upkeep.latest(tx)
    assert ended is not None
    assert (ended.state, ended.done) == ("done", 2)


async def test_a_deleted_segment_comes_back_with_versions_and_history(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:  # fmt: skip
    async with database.write(shop) as tx:
        await segments.edit_segment(tx, "big", rule=BIG | {"value": 1_000}, at=NOON, by="小美")
    await segments.refresh(database, columns, shop, NOON + timedelta(minutes=1))
    async with database.write(shop) as tx:
        before = await segments.get_segment(tx, "big")
        said, sizes = await segments.versions(tx, before.segment_id), await segments.history(tx, before.segment_id)
        await segments.delete_segment(tx, "big", NOON + timedelta(minutes=2))
        assert await segments.find_segment(tx, "big") is None
        assert [one.slug for one in await segments.of_member(tx, 1)] == ["buyers"]
        assert [(one.kind, one.slug, one.name) for one in await segments.list_gone(tx)] == [
            ("segment", "big", "大客户")
        ]
        await segments.bring_back(tx, "segment", "big", NOON + timedelta(minutes=3))
        back = await segments.get_segment(tx, "big")
        assert (back.segment_id, back.rule, back.version, back.count) == (before.segment_id, before.rule, 2, 2)
        assert await segments.versions(tx, back.segment_id) == said
        assert await segments.history(tx, back.segment_id) == sizes
        assert await segments.list_gone(tx) == []
    [big] = [
        one for one in await segments.refresh(database, columns, shop, NOON + timedelta(minutes=4)) if one.slug == "big"
    ]
    assert (big.state, big.size) == ("ok", 2)


async def test_what_cannot_come_back_says_why_and_is_forgotten_in_time(database: Database, shop: int) -> None:
    async with database.write(shop) as tx:
        kept = await segments.import_list(tx, name="老客名单", lines=["a", "b"], at=NOON)
        await segments.create_segment(tx, name="名单里的", slug="listed", rule={"list": kept.slug}, at=NOON)
        await segments.delete_segment(tx, "listed", NOON)
        await segments.delete_list(tx, kept.slug, NOON)
        with pytest.raises(segments.BadRule):
            await segments.bring_back(tx, "segment", "listed", NOON)
    async with database.write(shop) as tx:
        await segments.bring_back(tx, "list", kept.slug, NOON)
        assert (await segments.get_list(tx, kept.slug)).count == 2
        await segments.bring_back(tx, "segment", "listed", NOON)
        await segments.delete_segment(tx, "listed", NOON)
        await segments.create_segment(tx, name="名单里的", slug="listed", rule={"list": kept.slug}, at=NOON)
        with pytest.raises(segments.SlugTaken):
            await segments.bring_back(tx, "segment", "listed", NOON)
        assert await gone.forget(tx, NOON + timedelta(days=29)) == 0
        assert await gone.forget(tx, NOON + timedelta(days=31)) == 1
        with pytest.raises(segments.NoSuchSegment):
            await segments.bring_back(tx, "segment", "gone", NOON)
