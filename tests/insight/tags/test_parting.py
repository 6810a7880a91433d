"""Merges and their undoing: whose tags are whose, also of what happens in between."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shuke.doors import wiring
from shuke.ground import members, mirror
from shuke.insight import segments, tags
from shuke.insight.tags import actions
from shuke.insight.tags.queries import catalog
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay

DAY = timedelta(days=1)
HAND = tags.Cause(verb="tag", source="console", by="小美", reason="店庆到店")


class Shop:
    """安娜 and 贝贝, three tags, and a group of two tags of which a member wears one."""

    def __init__(self, database: Database, merchant_id: int) -> None:
        self.database, self.merchant_id = database, merchant_id
        self.tags: dict[str, tags.Tag] = {}

    async def open(self) -> tuple[int, int]:
        at = clock.now() - DAY
        async with self.database.write(self.merchant_id) as tx:
            group = await tags.create_group(tx, "人生阶段", True, at)
            for name, slug in (("宝妈", None), ("敏感肌", None), ("学生党", group.slug), ("上班族", group.slug)):
                shape = tags.TagShape(name=name, group=slug)
                self.tags[name] = await tags.create_tag(tx, shape, at, "小美")
            anna, bei = await members.ensure_members(tx, [{"external": "anna"}, {"external": "bei"}], at)
        return anna, bei

    async def put(self, member_id: int, *names: str, days: int | None = None) -> None:
        until = clock.now() + days * DAY if days else None
        async with self.database.write(self.merchant_id) as tx:
            puts = [tags.Put(member_id, self.tags[name].tag_id, until) for name in names]
            await tags.change(tx, HAND, clock.now(), puts=puts)

    async def take(self, member_id: int, *names: str) -> None:
        async with self.database.write(self.merchant_id) as tx:
            await tags.change(tx, HAND, clock.now(), takes=[(member_id, self.tags[name].tag_id) for name in names])

    async def merge(self, member_id: int, into_id: int) -> int:
        async with self.database.write(self.merchant_id) as tx:
            merge_id = await members.merge(tx, member_id, into_id, by="小美", at=clock.now())
        await self.hear()
        return merge_id

    async def part(self, merge_id: int) -> None:
        async with self.database.write(self.merchant_id) as tx:
            told = await members.unmerge(tx, merge_id, by="小美", at=clock.now())
        await self.hear()
        async with self.database.write(self.merchant_id) as tx:
            tx.announce(told)  # heard twice
        await self.hear()

    async def hear(self) -> None:
        relay = Relay(self.database, wiring.READERS)
        await relay.drain(self.merchant_id)
        await relay.drain(self.merchant_id)

    async def worn(self, member_id: int) -> str:
        async with self.database.read(self.merchant_id) as tx:
            return " ".join(
                sorted(one.name for one in (await tags.of_members(tx, [member_id], clock.now()))[member_id])
            )


@pytest.fixture
def shop(database: Database, merchant_id: int) -> Shop:
    return Shop(database, merchant_id)


@pytest.mark.parametrize(
    ("hers", "theirs", "put", "take", "united", "apart"),
    [
        pytest.param("宝妈", "敏感肌", "", "", "宝妈 敏感肌", ("宝妈", "敏感肌"), id="each has their own again"),
        pytest.param("宝妈", "宝妈", "", "", "宝妈", ("宝妈", "宝妈"), id="a tag of both stays with both"),
        pytest.param("学生党", "上班族", "", "", "上班族", ("学生党", "上班族"), id="what gave way comes back"),
        pytest.param("学生党", "", "", "", "学生党", ("学生党", ""), id="of an exclusive group as well"),
        pytest.param(
            "宝妈", "", "敏感肌", "", "宝妈 敏感肌", ("宝妈", "敏感肌"), id="put on in between stays the heir's"
        ),
        pytest.param(
            "宝妈", "", "", "宝妈", "", ("宝妈", ""), id="taken off the heir is the merged one's all the same"
        ),
        pytest.param("学生党", "", "上班族", "", "上班族", ("学生党", "上班族"), id="replaced in between"),
        pytest.param("", "宝妈", "", "", "宝妈", ("", "宝妈"), id="who brought none gets none"),
    ],
)
async def test_tags(
    shop: Shop, hers: str, theirs: str, put: str, take: str, united: str, apart: tuple[str, str]
) -> None:  # fmt: skip
    anna, bei = await shop.open()
    await shop.put(anna, *hers.split())
    await shop.put(bei, *theirs.split())
    merge_id = await shop.merge(anna, bei)
    await shop.put(bei, *put.split())
    await shop.take(bei, *take.split())
    assert (await shop.worn(anna), await shop.worn(bei)) == ("", united)
    await shop.part(merge_id)
    assert (await shop.worn(anna), await shop.worn(bei)) == apart
    async with shop.database.read(shop.merchant_id) as tx:
        sizes = {one.name: one.size for one in await catalog.list_tags(tx)}
    assert sizes == {name: sum(name in worn.split() for worn in apart) for name in shop.tags}


async def test_a_tag_put_on_again_in_between_stays_with_both(shop: Shop) -> None:
    anna, bei = await shop.open()
    await shop.put(anna, "宝妈")
    merge_id = await shop.merge(anna, bei)
    await shop.put(bei, "宝妈", days=30)
    await shop.part(merge_id)
    assert (await shop.worn(anna), await shop.worn(bei)) == ("宝妈", "宝妈")


async def test_what_ended_in_between_does_not_come_back(shop: Shop) -> None:
    anna, bei = await shop.open()
    await shop.put(anna, "宝妈", days=3)
    merge_id = await shop.merge(anna, bei)
    with clock.at(clock.now() + 4 * DAY):
        await shop.part(merge_id)
        assert (await shop.worn(anna), await shop.worn(bei)) == ("", "")


async def test_a_chain_of_merges_is_undone_from_its_end(shop: Shop) -> None:
    anna, bei = await shop.open()
    async with shop.database.write(shop.merchant_id) as tx:
        [chen] = await members.ensure_members(tx, [{"external": "chen"}], clock.now())
    await shop.put(anna, "宝妈")
    await shop.put(bei, "敏感肌")
    first = await shop.merge(anna, bei)
    second = await shop.merge(bei, chen)
    assert await shop.worn(chen) == "宝妈 敏感肌"
    await shop.part(second)
    assert (await shop.worn(bei), await shop.worn(chen)) == ("宝妈 敏感肌", "")
    await shop.part(first)
    assert [await shop.worn(one) for one in (anna, bei, chen)] == ["宝妈", "敏感肌", ""]


async def test_the_history_tells_why_and_nobody_undoes_it_by_hand(shop: Shop) -> None:
    anna, bei = await shop.open()
    await shop.put(anna, "宝妈")
    await shop.part(await shop.merge(anna, bei))
    async with shop.database.read(shop.merchant_id) as tx:
        told = [(one.change, one.verb) for one in await tags.history(tx, anna)]
        [act] = [one.act_id for one in (await tags.history(tx, anna))[:1]]
    assert told == [("added", "unmerge_members"), ("removed", "merge_members"), ("added", "tag")]
    with pytest.raises(actions.NotUndoable):
        async with shop.database.write(shop.merchant_id) as tx:
            await actions.undo(tx, act, "小美", clock.now())


async def test_the_mirror_asks_after_the_parted(shop: Shop, columns: mirror.Mirror) -> None:
    """The dated facts of both follow: a segment of 宝妈 holds the one they belong to."""
    anna, bei = await shop.open()
    await shop.put(anna, "宝妈")
    async with shop.database.write(shop.merchant_id) as tx:
        rule = {"tag": shop.tags["宝妈"].slug}
        await segments.create_segment(tx, name="宝妈人群", slug="mothers", rule=rule, at=clock.now())

    async def inside() -> set[int]:
        await segments.refresh(shop.database, columns, shop.merchant_id, clock.now())
        async with shop.database.read(shop.merchant_id) as tx:
            return set(await segments.members(tx, "mothers"))

    assert await inside() == {anna}
    merge_id = await shop.merge(anna, bei)
    assert await inside() == {bei}
    await shop.part(merge_id)
    assert await inside() == {anna}
