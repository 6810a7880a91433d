"""Segments end to end: orders come in, members belong, a refresh lets them in and out, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shuke.doors import wiring
from shuke.ground import ingestion, mirror
from shuke.insight import grammar, outlook, segments, tags
from shuke.kit.db import Database
from shuke.programs import intake

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BUYERS = {"did": "order", "window": {"last": "30d"}}


def bought(key: str, member: str, at: datetime, amount: int = 10_000) -> ingestion.OrderIn:
    line = ingestion.LineIn(sku="A1", quantity=1, amount_fen=amount, category="护肤")
    return ingestion.OrderIn(
        source="t",
        order_id=key,
        occurred_at=at,
        member={"external": member},
        store_id="s1",
        channel="pos",
        lines=[line],
    )


async def create(database: Database, merchant_id: int, rule: dict[str, Any], slug: str, at: datetime = NOON) -> None:
    async with database.write(merchant_id) as tx:
        await segments.create_segment(tx, name=slug, slug=slug, rule=rule, at=at)


@pytest.fixture
async def shop(database: Database, columns: mirror.Mirror, merchant_id: int) -> int:
    """a bought twice, b once long ago, c once and returned nothing."""
    items = [
        bought("1", "a", NOON - 40 * DAY), bought("2", "a", NOON - 2 * DAY, 30_000), bought("3", "b", NOON - 60 * DAY),
        bought("4", "c", NOON - DAY, 5_000),
    ]  # fmt: skip
    answers = await intake.apply(database, merchant_id, items, history=True)
    assert answers
    return merchant_id


async def test_counting_with_outside_ids(database: Database, columns: mirror.Mirror, shop: int) -> None:
    recent = await segments.count(database, columns, shop, BUYERS, NOON, ids=True)
    assert recent == segments.Counted(2, ["a", "c"])
    dormant = {"all": [{"did": "order"}, {"did": "order", "window": {"last": "30d"}, "op": "eq", "value": 0}]}
    assert await segments.count(database, columns, shop, dormant, NOON, ids=True) == segments.Counted(1, ["b"])
    earlier = await segments.count(database, columns, shop, BUYERS, NOON - 35 * DAY, ids=True)
    assert earlier == segments.Counted(2, ["a", "b"])
    points = {"attr": "points.available", "op": ">=", "value": 300}
    assert await segments.count(database, columns, shop, points, NOON + 400 * DAY) is not None


async def test_refreshing_lets_members_in_and_out_once(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await create(database, shop, BUYERS, "buyers")
    first = await segments.refresh(database, columns, shop, NOON)
    assert [(one.slug, one.size, one.entered, one.left, one.state) for one in first] == [("buyers", 2, 2, 0, "ok")]
    assert [one.entered for one in await segments.refresh(database, columns, shop, NOON)] == [0]
    await intake.apply(database, shop, [bought("5", "b", NOON)], history=True)
    later = await segments.refresh(database, columns, shop, NOON + timedelta(minutes=1))
    assert [(one.size, one.entered, one.left) for one in later] == [(3, 1, 0)]
    last = await segments.refresh(database, columns, shop, NOON + 29 * DAY)
    assert [(one.size, one.entered, one.left) for one in last] == [(1, 0, 2)]
    async with database.read(shop) as tx:
        told = await tx.rows(
            "select payload from outbox where merchant_id = %(merchant_id)s and kind = 'segment_refreshed' order by seq"
        )
        assert [(row.payload["entered"], row.payload["left"], row.payload.get("backfill", False)) for row in told] == [
            (2, 0, True), (1, 0, False), (0, 2, False),
        ]  # fmt: skip
        assert await segments.entered(tx, told[1].payload["refresh_id"], 0, 10) == [2]
        assert await segments.members_after(tx, "buyers", 0, 10) == [2]
        assert await segments.inside(tx, "buyers", [1, 2, 3]) == {2}
        [belonging] = await segments.of_member(tx, 2)
        assert (belonging.slug, belonging.entered_at) == ("buyers", NOON + timedelta(minutes=1))


async def test_flips_are_events_of_their_own(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await create(database, shop, BUYERS, "buyers")
    await segments.refresh(database, columns, shop, NOON)
    await segments.refresh(database, columns, shop, NOON + 29 * DAY)
    left = {"did": "segment_left", "where": [{"prop": "segment", "op": "eq", "value": "buyers"}]}
    assert (await segments.count(database, columns, shop, left, NOON + 30 * DAY)).count == 2


async def test_nested_segments_follow_their_own(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await create(database, shop, BUYERS, "buyers")
    big = {
        "all": [{"segment": "buyers"}, {"did": "order", "measure": {"max": "amount_fen"}, "op": ">=", "value": 20_000}]
    }
    await create(database, shop, big, "big-buyers")
    refreshed = {one.slug: one.size for one in await segments.refresh(database, columns, shop, NOON)}
    assert refreshed == {"buyers": 2, "big-buyers": 1}
    async with database.write(shop) as tx:
        with pytest.raises(segments.BadRule) as circle:
            await segments.edit_segment(tx, "buyers", rule={"segment": "big-buyers"}, at=NOON)
        assert (circle.value.code, circle.value.path) == ("circle", "$")
        with pytest.raises(segments.SegmentInUse) as used:
            await segments.delete_segment(tx, "buyers")
        assert [use.id for use in used.value.uses] == ["big-buyers"]
        await segments.delete_segment(tx, "big-buyers")
        await segments.delete_segment(tx, "buyers")


async def test_an_edit_starts_nothing(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await create(database, shop, BUYERS, "buyers")
    await segments.refresh(database, columns, shop, NOON)
    async with database.write(shop) as tx:
        shown = await segments.edit_segment(tx, "buyers", rule={"did": "order"}, at=NOON)
    assert shown.version == 2
    [again] = await segments.refresh(database, columns, shop, NOON + DAY)
    assert (again.size, again.entered) == (3, 1)
    async with database.read(shop) as tx:
        assert await tx.value("select count(*) from segment_flip where merchant_id = %(merchant_id)s") == 0


async def test_a_broken_rule_is_seen_and_harms_nobody(database: Database, columns: mirror.Mirror, shop: int) -> None:
    await create(database, shop, BUYERS, "buyers")
    await segments.refresh(database, columns, shop, NOON)
    async with database.write(shop) as tx:
        await tx.run('update segment_version set rule = \'{"weather": "rain"}\' where merchant_id = %(merchant_id)s')
    [broken] = await segments.refresh(database, columns, shop, NOON + DAY)
    assert (broken.state, broken.size) == ("error", 2)
    async with database.read(shop) as tx:
        shown = await segments.get_segment(tx, "buyers")
    assert shown.state == "error"
    assert shown.error is not None
    assert shown.error["code"] == "unknown_condition"


async def test_preview_and_explain(database: Database, columns: mirror.Mirror, shop: int) -> None:
    rule = {"all": [BUYERS, {"not": {"did": "order", "measure": {"sum": "amount_fen"}, "op": ">=", "value": 20_000}}]}
    await mirror.drain(columns, database, shop)
    async with database.read(shop) as tx:
        preview = await outlook.preview(tx, columns, rule, NOON)
        explained = await outlook.explain(tx, columns, rule, 1, NOON)
    assert (preview.count, preview.total) == (1, 3)
    assert [(part.path, part.count) for part in preview.parts] == [
        ("$", 1), ("$.all[0]", 2), ("$.all[1]", 2), ("$.all[1].not", 1)
    ]  # fmt: skip
    assert [one.member_id for one in preview.sample] == [3]
    assert preview.sample[0].points_available == 50
    assert preview.sample[0].last_order_at == NOON - DAY
    assert not explained.inside
    assert [(leaf.value, leaf.threshold, leaf.ok) for leaf in explained.leaves] == [
        (1, 1, True),
        (40_000, 20_000, True),
    ]


async def test_sentences_call_others_by_their_names(database: Database, columns: mirror.Mirror, shop: int) -> None:
    assert wiring.FACTS
    async with database.write(shop) as tx:
        await segments.create_segment(tx, name="近期买家", slug="buyers", rule=BUYERS, at=NOON)
        mama = await tags.create_tag(tx, tags.TagShape(name="宝妈"), NOON, "小美")
        kept = await segments.import_list(tx, name="老客名单", lines=["a"], at=NOON)
        left = {"did": "segment_left", "where": [{"prop": "segment", "op": "in", "value": ["buyers", "gone"]}]}
        rule = {"any": [{"segment": "buyers"}, {"not": {"tag": mama.slug}}, {"list": kept.slug}, left]}
        made = await segments.create_segment(tx, name="组合", slug="joint", rule=rule, at=NOON)
        assert made.rule == rule
        assert made.sentence.zh == (
            "属于分群「近期买家」，或者不满足（有标签「宝妈」），"
            "或者在名单「老客名单」里，或者曾离开分群（分群是其中之一 近期买家、gone）"
        )
        assert 'in segment "近期买家"' in made.sentence.en
        shown = await outlook.preview(tx, columns, rule, NOON)
        assert [part.sentence.zh for part in shown.parts][1] == "属于分群「近期买家」"
        facts = [{"name": f"tag:{mama.slug}", "title": {}}, {"name": "city", "title": {"zh": "城市", "en": "City"}}]
        told = await grammar.with_titles(tx, facts)
        assert (told[0]["title"]["zh"], told[1]) == ("打上标签「宝妈」的时间", facts[1])
