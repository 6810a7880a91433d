"""Members: resolved or created in batches, found, changed, merged."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from shuke.ground import members
from shuke.kit.db import Database

AT = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)


async def _join(database: Database, merchant_id: int, *people: dict[str, str]) -> list[int]:
    async with database.write(merchant_id) as tx:
        return await members.ensure_members(tx, [members.identities_of(person) for person in people], AT)


async def _announced(database: Database, merchant_id: int, kind: str) -> list[dict]:
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select payload from outbox where merchant_id = %(merchant_id)s and kind = %(kind)s order by seq", kind=kind
        )
    return [row.payload for row in rows]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13800138000", "13800138000"), ("+86 138-0013-8000", "13800138000"), ("86 13800138000", "13800138000"),
        ("+1 (415) 555-0100", "+14155550100"), ("010 6512 3456", "01065123456"),
    ],
)  # fmt: skip
def test_a_phone_has_one_form(typed: str, kept: str) -> None:
    assert members.identities_of({"phone": typed}) == {"phone": kept}


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        ({"phone": "abc"}, members.BadIdentity), ({"phone": "12"}, members.BadIdentity), ({"email": "x"}, members.BadIdentity),
        ({"passport": "1"}, members.UnknownIdentity), ({}, members.NoIdentity), ({"phone": ""}, members.NoIdentity),
    ],
)  # fmt: skip
def test_what_is_no_identity_is_refused(raw: dict, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        members.identities_of(raw)


async def test_numbers_are_dense_and_the_same_person_is_one_member(database: Database, merchant_id: int) -> None:
    first = await _join(
        database, merchant_id, {"phone": "13800138001"}, {"external": "c-1"}, {"phone": "13800138001", "external": "c-2"},
    )  # fmt: skip
    assert first == [1, 2, 1]
    assert await _join(database, merchant_id, {"external": "c-2"}, {"card": "9"}) == [1, 3]
    events = await _announced(database, merchant_id, "member_changed")
    assert [event["member_id"] for event in events] == [1, 2, 3]
    assert "1380013" not in str(events)


async def test_a_stronger_identity_wins_and_nothing_is_stolen(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, {"phone": "13800138002"}, {"external": "c-9"})
    assert await _join(database, merchant_id, {"phone": "13800138002", "external": "c-9"}) == [2]
    assert await _join(database, merchant_id, {"phone": "13800138002"}) == [1]


async def test_many_at_once_still_give_one_number_each(database: Database, merchant_id: int) -> None:
    batches = [[{"external": f"c-{(start + i) % 40}"} for i in range(20)] for start in range(0, 80, 10)]
    answers = await asyncio.gather(*(_join(database, merchant_id, *batch) for batch in batches))
    numbers = {
        person["external"]: n
        for batch, ns in zip(batches, answers, strict=True)
        for person, n in zip(batch, ns, strict=True)
    }
    assert sorted(set(numbers.values())) == list(range(1, 41))
    for batch, ns in zip(batches, answers, strict=True):
        assert ns == [numbers[person["external"]] for person in batch]


async def test_profiles_are_announced_once(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, {"external": "c-1"})
    change = {"name": "林晓芙", "birthday": date(1992, 2, 29), "attributes": {"city": "上海", "pets": ["cat"]}}
    for expected in ([1], []):
        async with database.write(merchant_id) as tx:
            assert await members.write_profiles(tx, [(1, change)]) == expected
    async with database.write(merchant_id) as tx:
        await members.write_profiles(tx, [(1, {"attributes": {"pets": None}})], at=AT)
    async with database.read(merchant_id) as tx:
        assert (await members.get_member(tx, 1)).attributes == {"city": "上海"}
        assert await tx.value("select name_sort from member where merchant_id = %(merchant_id)s") == "lin xiao fu"
    [_, set_, removed] = await _announced(database, merchant_id, "member_changed")
    assert set_["attributes"] == {"birthday": "1992-02-29", "city": "上海", "pets": ["cat"]}
    assert set_["at"] is None
    assert removed["attributes"] == {"pets": None}


async def test_search_by_tail_name_card_and_number(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, {"phone": "13800138000"}, {"card": "VIP-7"}, {"external": "c-3"})
    async with database.write(merchant_id) as tx:
        await members.write_profiles(tx, [(2, {"name": "欧阳小美"}), (3, {"name": "王小美丽"})])
    async with database.read(merchant_id) as tx:
        for words, found in {
            "8000": [1], "13800138000": [1], "1380013": [1], "VIP-7": [2], "c-3": [3], "小美": [3, 2], "欧阳": [2],
            "美": [3, 2], "欧美": [], "2": [2], "": [], "%": [],
        }.items():  # fmt: skip
            assert await members.search(tx, words) == found, words


async def test_a_merged_member_redirects(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, {"phone": "13800138000"}, {"external": "c-2"}, {"external": "c-3"})
    async with database.write(merchant_id) as tx:
        await members.write_profiles(
            tx, [(1, {"name": "李雷", "attributes": {"city": "杭州"}}), (2, {"attributes": {"city": "上海"}})]
        )
        await members.set_consents(tx, [(1, "sms", True)], AT, "console")
        await members.merge(tx, 1, 2, by="店主", at=AT)
    async with database.write(merchant_id) as tx:
        await members.merge(tx, 2, 3, by="店主", at=AT)
    assert await _join(database, merchant_id, {"phone": "13800138000"}, {"external": "c-2"}) == [3, 3]
    async with database.read(merchant_id) as tx:
        heir = await members.get_member(tx, 3)
        assert (heir.name, heir.phone_masked, heir.attributes, heir.consent) == (
            "李雷",
            "138****8000",
            {"city": "上海"},
            {"sms": True},
        )
        assert (await members.get_member(tx, 1)).merged_into == 3
        assert await members.numbers_of(tx, 3) == [3, 1, 2]
        assert await members.search(tx, "李雷") == [3]
        assert await members.count_members(tx) == 1
    for pair in ((3, 3), (1, 3), (3, 1)):
        with pytest.raises(members.CannotMerge):
            async with database.write(merchant_id) as tx:
                await members.merge(tx, *pair, by="店主", at=AT)


async def test_a_phone_of_somebody_else_is_refused(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, {"phone": "13800138000"}, {"external": "c-2"})
    with pytest.raises(members.PhoneTaken):
        async with database.write(merchant_id) as tx:
            await members.set_phone(tx, 2, "13800138000", AT)
    async with database.write(merchant_id) as tx:
        await members.set_phone(tx, 2, "13900139000", AT)
    async with database.read(merchant_id) as tx:
        assert await members.get_phone(tx, 2) == "13900139000"


async def test_an_undone_merge_gives_back_what_it_moved(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, {"phone": "13800138000", "external": "c-1"}, {"external": "c-2"}, {"card": "K9"})
    async with database.write(merchant_id) as tx:
        await members.write_profiles(
            tx, [(1, {"name": "李雷", "birthday": date(1990, 2, 1), "attributes": {"city": "杭州", "肤质": "干性"}})]
        )
        await members.set_consents(tx, [(1, "sms", True), (1, "wechat", True)], AT, "console")
        await members.merge(tx, 3, 1, by="店主", at=AT)
        before = await members.get_member(tx, 1)
        merge_id = await members.merge(tx, 1, 2, by="店主", at=AT)
    async with database.write(merchant_id) as tx:
        await members.write_profiles(tx, [(2, {"attributes": {"city": "上海"}})])
        await members.set_consents(tx, [(2, "sms", False)], AT.replace(hour=5), "console")
        await members.unmerge(tx, merge_id, by="小美", at=AT)
    async with database.read(merchant_id) as tx:
        assert await members.get_member(tx, 1) == before
        assert await members.numbers_of(tx, 1) == [1, 3]
        heir = await members.get_member(tx, 2)
        assert (heir.name, heir.birthday, heir.phone_masked, heir.merged_into) == ("", None, None, None)
        assert (heir.attributes, heir.consent) == ({"city": "上海"}, {"sms": False})  # said since: the survivor's own
        assert await members.search(tx, "李雷") == [1]
        listed = (await members.merges(tx)).items
    assert [(one.member_id, one.undone_by, one.undoable) for one in listed] == [(1, "小美", False), (3, None, True)]
    assert await _join(database, merchant_id, {"phone": "13800138000"}, {"external": "c-2"}) == [1, 2]


async def test_merges_that_cannot_be_undone(database: Database, merchant_id: int) -> None:
    await _join(database, merchant_id, {"external": "c-1"}, {"external": "c-2"}, {"external": "c-3"})
    async with database.write(merchant_id) as tx:
        first = await members.merge(tx, 1, 2, by="店主", at=AT)
        second = await members.merge(tx, 2, 3, by="店主", at=AT)

    async def refused(merge_id: int) -> str:
        with pytest.raises((members.CannotUnmerge, members.NoSuchMerge)) as caught:
            async with database.write(merchant_id) as tx:
                await members.unmerge(tx, merge_id, by="店主", at=AT)
        return str(caught.value.body()["code"])

    assert await refused(first) == "cannot_unmerge"  # the survivor was merged on
    assert await refused(77) == "no_such_merge"
    for merge_id in (second, first):
        async with database.write(merchant_id) as tx:
            await members.unmerge(tx, merge_id, by="店主", at=AT)
        assert await refused(merge_id) == "cannot_unmerge"
    async with database.write(merchant_id) as tx:
        old = await members.merge(tx, 1, 2, by="店主", at=AT)
        await tx.run(
            "update member_merge set moved = '{}' where merchant_id = %(merchant_id)s and merge_id = %(id)s", id=old
        )
    assert await refused(old) == "cannot_unmerge"
