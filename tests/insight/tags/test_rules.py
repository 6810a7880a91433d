"""Rule tags: they come and go with their segment, once, however often the refresh is heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shuke.doors import wiring
from shuke.ground import ingestion, members, mirror
from shuke.insight import segments, tags
from shuke.insight.segments import SegmentInUse
from shuke.insight.tags import actions, jobs, reactions
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from shuke.programs import intake

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
RECENT = {"did": "order", "window": {"last": "30d"}}


def bought(key: str, member: str, at: datetime) -> ingestion.OrderIn:
    line = ingestion.LineIn(sku="JH-30", product="玫瑰精华 30ml", quantity=1, amount_fen=26_800, category="护肤")
    return ingestion.OrderIn(
        source="pos-01", order_id=key, occurred_at=at, member={"external": member}, store_id="s1", channel="pos", lines=[line]
    )  # fmt: skip


async def wearing(database: Database, merchant_id: int, slug: str) -> set[int]:
    async with database.read(merchant_id) as tx:
        return set(await tags.wearers(tx, slug, NOON))


@pytest.fixture
async def shop(database: Database, columns: mirror.Mirror, merchant_id: int) -> int:
    items = [bought("SO-1", "a", NOON - 2 * DAY), bought("SO-2", "b", NOON - 60 * DAY)]
    await intake.apply(database, merchant_id, items, history=True)
    async with database.write(merchant_id) as tx:
        await segments.create_segment(tx, name="近期到店", slug="recent", rule=RECENT, at=NOON)
    await segments.refresh(database, columns, merchant_id, NOON)
    return merchant_id


async def test_a_rule_tag_follows_its_segment_exactly_once(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    relay = Relay(database, wiring.READERS)
    await relay.drain(shop)
    async with database.write(shop) as tx:
        [a, b] = await members.resolve(tx, [{"external": "a"}, {"external": "b"}])
        tag = await tags.create_tag(tx, tags.TagShape(name="近期到店", segment="recent"), NOON, "小美")
    assert a is not None and b is not None
    with clock.at(NOON):
        await jobs.keep_tags(database, shop)
    assert await wearing(database, shop, tag.slug) == {a}
    await intake.apply(database, shop, [bought("SO-3", "b", NOON)], history=True)
    await segments.refresh(database, columns, shop, NOON + timedelta(minutes=1))
    await relay.drain(shop)
    assert await wearing(database, shop, tag.slug) == {a, b}
    heard = segments.SegmentRefreshed(slug="recent", refresh_id=1, entered=1, left=0, at=NOON)
    async with database.write(shop) as tx:
        await reactions.follow_segments(tx, [heard, heard])
        assert [one.change for one in await tags.history(tx, b)] == ["added"]
    await segments.refresh(database, columns, shop, NOON + 29 * DAY)
    await relay.drain(shop)
    assert await wearing(database, shop, tag.slug) == {b}
    async with database.read(shop) as tx:
        [last, first] = await tags.history(tx, a)
        [shown] = await tags.list_tags(tx)
    assert (first.change, last.change, last.verb, last.source, last.reason) == (
        "added",
        "removed",
        "rule",
        "rule",
        "recent",
    )
    assert (shown.segment, shown.size) == ("recent", 1)


async def test_nobody_puts_on_what_a_rule_decides(database: Database, shop: int) -> None:
    async with database.write(shop) as tx:
        tag = await tags.create_tag(tx, tags.TagShape(name="近期到店", segment="recent"), NOON, "小美")
        await tags.create_group(tx, "人生阶段", True, NOON)
        hand = tags.Cause(verb="tag", source="console", by="小美")
        with pytest.raises(tags.RuleTag):
            await tags.change(tx, hand, NOON, puts=[tags.Put(1, tag.tag_id)])
        with pytest.raises(actions.ExclusiveRule):
            await tags.edit_tag(tx, tag.slug, tags.TagShape(group="ren-sheng-jie-duan"), NOON)
        with pytest.raises(SegmentInUse):
            await segments.delete_segment(tx, "recent")
    assert await wearing(database, shop, tag.slug) == set()


async def test_a_tag_in_use_is_refused_with_its_users_and_circles_are_seen(database: Database, shop: int) -> None:
    async with database.write(shop) as tx:
        tag = await tags.create_tag(tx, tags.TagShape(name="敏感肌"), NOON, "小美")
        rule = {"all": [{"segment": "recent"}, {"attr": f"tag:{tag.slug}", "op": "exists"}]}
        await segments.create_segment(tx, name="敏感肌近期到店", slug="gentle", rule=rule, at=NOON)
        cause = tags.Cause(verb="delete_tag", source="console", by="小美")
        with pytest.raises(actions.TagInUse) as refused:
            await actions.delete_tag(tx, tag.slug, cause, NOON)
        assert refused.value.facts["users"] == "敏感肌近期到店"
        with pytest.raises(actions.RuleCircle):
            await tags.edit_tag(tx, tag.slug, tags.TagShape(segment="gentle"), NOON)


async def test_a_segment_asks_for_a_tag_as_of_any_instant(
    database: Database, columns: mirror.Mirror, shop: int
) -> None:
    async with database.write(shop) as tx:
        [a, _] = await members.resolve(tx, [{"external": "a"}, {"external": "b"}])
        assert a is not None
        tag = await tags.create_tag(tx, tags.TagShape(name="宝妈"), NOON - 9 * DAY, "小美")
        cause = tags.Cause(verb="tag", source="console", by="小美")
        await tags.change(tx, cause, NOON - 36 * HOUR, puts=[tags.Put(a, tag.tag_id)])
    async with database.write(shop) as tx:
        await tags.change(tx, cause, NOON - 12 * HOUR, takes=[(a, tag.tag_id)])
    await mirror.drain(columns, database, shop)
    rule = {"attr": "tag:bao-ma", "op": "exists"}
    asked = [await segments.count(database, columns, shop, rule, NOON - hours * HOUR) for hours in (40, 24, 0)]
    assert [one.count for one in asked] == [0, 1, 0]
