"""Tags on members: put on, taken off, replaced, ended and undone, each act as one, with who, when and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shuke.doors import wiring
from shuke.ground import members, mirror
from shuke.insight import tags
from shuke.insight.tags import actions, jobs
from shuke.insight.tags.queries import catalog, wearing
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.events import Relay
from tests.statements import counted

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HAND = tags.Cause(verb="tag", source="console", by="小美", reason="店庆到店")


async def people(database: Database, merchant_id: int, count: int) -> list[int]:
    async with database.write(merchant_id) as tx:
        wanted = [{"external": f"wx-{n}"} for n in range(count)]
        return await members.ensure_members(tx, wanted, NOON - DAY)


async def make(database: Database, merchant_id: int, name: str, **shape: object) -> tags.Tag:
    async with database.write(merchant_id) as tx:
        return await tags.create_tag(tx, tags.TagShape(name=name, **shape), NOON - DAY, "小美")  # type: ignore[arg-type]


async def put(database: Database, merchant_id: int, who: list[int], *which: tags.Tag, at: datetime = NOON) -> tags.Done:
    async with database.write(merchant_id) as tx:
        return await tags.change(tx, HAND, at, puts=[tags.Put(m, tag.tag_id) for m in who for tag in which])


async def worn(database: Database, merchant_id: int, member: int, at: datetime = NOON) -> list[str]:
    async with database.read(merchant_id) as tx:
        return [one.name for one in (await tags.of_members(tx, [member], at))[member]]


async def sizes(database: Database, merchant_id: int) -> dict[str, int]:
    async with database.read(merchant_id) as tx:
        return {tag.name: tag.size for tag in await tags.list_tags(tx)}


async def test_who_when_and_why_are_kept_and_a_rename_loses_nobody(database: Database, merchant_id: int) -> None:
    first, second = await people(database, merchant_id, 2)
    tag = await make(database, merchant_id, "宝妈")
    assert (tag.slug, tag.size) == ("bao-ma", 0)
    done = await put(database, merchant_id, [first, second], tag)
    assert (done.added, done.removed, done.members) == (2, 0, 2)
    assert (await put(database, merchant_id, [first, second], tag, at=NOON + DAY)).act_id is None
    async with database.write(merchant_id) as tx:
        renamed = await tags.edit_tag(tx, "bao-ma", tags.TagShape(name="新手妈妈"), NOON + DAY)
    assert (renamed.slug, renamed.name, renamed.size) == ("bao-ma", "新手妈妈", 2)
    async with database.read(merchant_id) as tx:
        [one] = (await tags.of_members(tx, [first], NOON))[first]
        [past] = await tags.history(tx, first)
    assert (one.name, one.by, one.source, one.reason, one.since) == ("新手妈妈", "小美", "console", "店庆到店", NOON)
    assert (past.change, past.verb, past.at) == ("added", "tag", NOON)


async def test_statements_do_not_grow_with_the_members(database: Database, merchant_id: int) -> None:
    who = await people(database, merchant_id, 400)
    tag = await make(database, merchant_id, "美妆爱好者", valid_for="30D")
    used = []
    for crowd in (who[:2], who[2:]):
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            await tags.change(tx, HAND, NOON, puts=[tags.Put(m, tag.tag_id) for m in crowd])
            used.append(counting.count)
    assert used[0] == used[1] <= 10


async def test_of_an_exclusive_group_the_newest_stays(database: Database, merchant_id: int) -> None:
    [one] = await people(database, merchant_id, 1)
    async with database.write(merchant_id) as tx:
        await tags.create_group(tx, "人生阶段", True, NOON)
    student = await make(database, merchant_id, "学生党", group="ren-sheng-jie-duan")
    worker = await make(database, merchant_id, "上班族", group="ren-sheng-jie-duan")
    await put(database, merchant_id, [one], student)
    done = await put(database, merchant_id, [one], worker, at=NOON + DAY)
    assert (done.added, done.removed) == (1, 1)
    assert await worn(database, merchant_id, one) == ["上班族"]
    assert await sizes(database, merchant_id) == {"学生党": 0, "上班族": 1}
    both = await put(database, merchant_id, [one], worker, student, at=NOON + 2 * DAY)
    assert (both.added, both.removed) == (1, 1)
    assert await worn(database, merchant_id, one) == ["学生党"]


async def test_an_act_of_many_is_undone_as_one_and_the_undoing_too(database: Database, merchant_id: int) -> None:
    who = await people(database, merchant_id, 5)
    async with database.write(merchant_id) as tx:
        await tags.create_group(tx, "人生阶段", True, NOON)
    student = await make(database, merchant_id, "学生党", group="ren-sheng-jie-duan")
    worker = await make(database, merchant_id, "上班族", group="ren-sheng-jie-duan")
    await put(database, merchant_id, who[:2], student)
    mistake = await put(database, merchant_id, who, worker, at=NOON + DAY)
    await put(database, merchant_id, [who[4]], student, at=NOON + 2 * DAY)  # changed since: the undoing leaves it alone
    assert mistake.act_id is not None
    async with database.write(merchant_id) as tx:
        undone = await actions.undo(tx, mistake.act_id, "店长", NOON + 3 * DAY)
    assert (undone.added, undone.removed) == (2, 4)
    assert [await worn(database, merchant_id, m) for m in who] == [["学生党"], ["学生党"], [], [], ["学生党"]]
    assert await sizes(database, merchant_id) == {"学生党": 3, "上班族": 0}
    async with database.write(merchant_id) as tx:
        with pytest.raises(actions.NotUndoable):
            await actions.undo(tx, mistake.act_id, "店长", NOON + 3 * DAY)
        assert undone.act_id is not None
        again = await actions.undo(tx, undone.act_id, "店长", NOON + 4 * DAY)
    assert (again.added, again.removed) == (4, 2)
    assert await sizes(database, merchant_id) == {"上班族": 4, "学生党": 1}


async def test_a_label_ends_by_itself_as_of_its_end(database: Database, merchant_id: int) -> None:
    first, second = await people(database, merchant_id, 2)
    tag = await make(database, merchant_id, "双十一到店", valid_for="7D")
    await put(database, merchant_id, [first, second], tag)
    await put(database, merchant_id, [second], tag, at=NOON + 5 * DAY)
    assert await worn(database, merchant_id, first, NOON + 7 * DAY) == []
    with clock.at(NOON + 8 * DAY):
        following = await jobs.keep_tags(database, merchant_id)
    assert following == NOON + 12 * DAY
    async with database.read(merchant_id) as tx:
        latest = (await tags.history(tx, first))[0]
        due = await tx.value("select at from due where merchant_id = %(merchant_id)s and kind = 'tags'")
    assert (latest.change, latest.at, due) == ("expired", NOON + 7 * DAY, NOON + 7 * DAY)
    assert await sizes(database, merchant_id) == {"双十一到店": 1}


async def test_two_tags_become_one_and_it_can_be_undone(database: Database, merchant_id: int) -> None:
    who = await people(database, merchant_id, 3)
    old, heir = await make(database, merchant_id, "面膜控"), await make(database, merchant_id, "面膜爱好者")
    await put(database, merchant_id, who[:2], old)
    await put(database, merchant_id, who[1:], heir, at=NOON + DAY)
    cause = tags.Cause(verb="merge_tags", source="console", by="小美")
    async with database.write(merchant_id) as tx:
        with pytest.raises(actions.SameTag):
            await actions.merge_tags(tx, old.slug, old.slug, cause, NOON + 2 * DAY)
        done = await actions.merge_tags(tx, old.slug, heir.slug, cause, NOON + 2 * DAY)
    assert (done.added, done.removed) == (1, 2)
    assert await sizes(database, merchant_id) == {"面膜爱好者": 3}
    async with database.read(merchant_id) as tx:
        [one] = (await tags.of_members(tx, [who[0]], NOON))[who[0]]
    assert (one.name, one.since) == ("面膜爱好者", NOON)
    async with database.write(merchant_id) as tx:
        assert done.act_id is not None
        await actions.undo(tx, done.act_id, "小美", NOON + 3 * DAY)
    assert await sizes(database, merchant_id) == {"面膜控": 2, "面膜爱好者": 2}


async def test_a_deleted_tag_comes_back_by_undo(database: Database, merchant_id: int) -> None:
    [one] = await people(database, merchant_id, 1)
    tag = await make(database, merchant_id, "试用装已领")
    await put(database, merchant_id, [one], tag)
    async with database.write(merchant_id) as tx:
        cause = tags.Cause(verb="delete_tag", source="console", by="小美")
        done = await actions.delete_tag(tx, tag.slug, cause, NOON + DAY)
        with pytest.raises(tags.NoSuchTag):
            await catalog.get_tag(tx, tag.slug)
        assert done.act_id is not None
        await actions.undo(tx, done.act_id, "小美", NOON + DAY)
    assert await worn(database, merchant_id, one) == ["试用装已领"]


async def test_an_archived_tag_stays_on_its_wearers_and_nobody_gets_it(database: Database, merchant_id: int) -> None:
    first, second = await people(database, merchant_id, 2)
    tag = await make(database, merchant_id, "老客带新")
    await put(database, merchant_id, [first], tag)
    async with database.write(merchant_id) as tx:
        await tags.edit_tag(tx, tag.slug, tags.TagShape(archived=True), NOON)
    with pytest.raises(tags.TagArchived):
        await put(database, merchant_id, [second], tag)
    assert await worn(database, merchant_id, first) == ["老客带新"]


async def test_the_heir_of_a_merge_wears_both_members_tags(database: Database, merchant_id: int) -> None:
    old, heir = await people(database, merchant_id, 2)
    async with database.write(merchant_id) as tx:
        await tags.create_group(tx, "人生阶段", True, NOON)
    student = await make(database, merchant_id, "学生党", group="ren-sheng-jie-duan")
    worker = await make(database, merchant_id, "上班族", group="ren-sheng-jie-duan")
    lover = await make(database, merchant_id, "美妆爱好者")
    await put(database, merchant_id, [old], student, lover)
    await put(database, merchant_id, [heir], worker)
    async with database.write(merchant_id) as tx:
        await members.merge(tx, old, heir, by="小美", at=NOON + DAY)
    relay = Relay(database, wiring.READERS)
    await relay.drain(merchant_id)
    await relay.drain(merchant_id)
    assert sorted(await worn(database, merchant_id, heir)) == ["上班族", "美妆爱好者"]
    assert await sizes(database, merchant_id) == {"上班族": 1, "美妆爱好者": 1, "学生党": 0}


async def test_a_file_gets_a_verdict_per_line_and_is_one_act(database: Database, merchant_id: int) -> None:
    who = await people(database, merchant_id, 2)
    tag = await make(database, merchant_id, "宝妈")
    await put(database, merchant_id, [who[0]], tag)
    table = [["外部编号", "标签"], ["wx-0", "宝妈"], ["wx-1", "宝妈、敏感肌"], ["wx-9", "宝妈"], ["wx-1", ""]]
    cause = tags.Cause(verb="import", source="import", by="小美", reason="会员日名单.csv")
    lines = policy_lines(table)
    async with database.write(merchant_id) as tx:
        tried = await tags.import_lines(tx, lines, cause, NOON, create=True, dry=True)
    assert tried.act_id is None
    assert tried.counts == {"already": 1, "tagged": 2, "no_member": 1, "no_tag": 1}
    async with database.write(merchant_id) as tx:
        done = await tags.import_lines(tx, lines, cause, NOON, create=True)
    assert [(one.row, one.verdict) for one in done.verdicts] == [
        (2, "already"), (3, "tagged"), (3, "tagged"), (4, "no_member"), (5, "no_tag")
    ]  # fmt: skip
    assert done.created == ["敏感肌"]
    assert sorted(await worn(database, merchant_id, who[1])) == ["宝妈", "敏感肌"]


def policy_lines(table: list[list[str]]) -> list[object]:
    from shuke.insight.tags import policy

    return list(policy.lines_of(table))


async def test_combined_tags_and_the_map_of_pairs_count_the_same_members(database: Database, merchant_id: int) -> None:
    who = await people(database, merchant_id, 4)
    mother, beauty, price = [await make(database, merchant_id, name) for name in ("宝妈", "美妆爱好者", "价格敏感型")]
    await put(database, merchant_id, who[:3], mother, beauty)
    await put(database, merchant_id, who[1:], price)
    async with database.read(merchant_id) as tx:
        cells = {(one.a, one.b): one.members for one in await wearing.together(tx, NOON)}
        sets = await wearing.combinations(tx, NOON)
        slugs, names = [mother.slug, beauty.slug, price.slug], [mother.name, beauty.name, price.name]
        whole = await wearing.combined(tx, slugs, names, NOON)
    assert cells[mother.slug, beauty.slug] == 3
    assert cells[mother.slug, price.slug] == cells[beauty.slug, price.slug] == 2
    assert (sets[0].name, sets[0].size) == ("宝妈-美妆爱好者-价格敏感型", 2)
    assert (sets[1].name, sets[1].size) == ("宝妈-美妆爱好者", 1)
    assert (whole.name, whole.size) == ("宝妈-美妆爱好者-价格敏感型", 2)


async def test_the_mirror_knows_since_when_as_of_any_instant(
    database: Database, columns: mirror.Mirror, merchant_id: int
) -> None:
    [one] = await people(database, merchant_id, 1)
    async with database.write(merchant_id) as tx:
        await tags.create_group(tx, "人生阶段", True, NOON)
    student = await make(database, merchant_id, "学生党", group="ren-sheng-jie-duan")
    worker = await make(database, merchant_id, "上班族", group="ren-sheng-jie-duan", valid_for="10D")
    await put(database, merchant_id, [one], student)
    await put(database, merchant_id, [one], worker, at=NOON + DAY)
    with clock.at(NOON + 20 * DAY):
        await jobs.keep_tags(database, merchant_id)
    await mirror.drain(columns, database, merchant_id)
    found = await mirror.rows(
        columns,
        f"SELECT name, toString(at, 'UTC'), text FROM attributes WHERE merchant = {merchant_id} AND name LIKE 'tag%' "
        "ORDER BY name, at, seq",
    )
    days = [(name, str(at)[:10], text[:10]) for name, at, text in found]
    assert days == [
        ("tag:shang-ban-zu", "2026-11-21", "2026-11-21"), ("tag:shang-ban-zu", "2026-12-01", ""),
        ("tag:xue-sheng-dang", "2026-11-20", "2026-11-20"), ("tag:xue-sheng-dang", "2026-11-21", ""),
        ("tag_group:ren-sheng-jie-duan", "2026-11-20", "2026-11-20"),
        ("tag_group:ren-sheng-jie-duan", "2026-11-21", "2026-11-21"), ("tag_group:ren-sheng-jie-duan", "2026-12-01", ""),
    ]  # fmt: skip
