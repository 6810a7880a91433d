"""Merges and their undoing: whose friends, codes, devices and rewards are whose, also of what happens in between."""

from __future__ import annotations

import pytest

from shuke.ground import members
from shuke.kit.db import Database
from shuke.programs import referrals
from tests.programs.referrals.people import DAY, NOON, buy, code_of, hear, held, joined, open_plan, refer, run

PAID = NOON + 9 * DAY
MERGED = NOON + 10 * DAY
PARTED = NOON + 11 * DAY


class Shop:
    """王芳, 李静, 赵敏 and 陈晨, members numbered by their phones 1 to 4; 200 points for each side."""

    def __init__(self, database: Database, merchant_id: int) -> None:
        self.database, self.merchant_id = database, merchant_id
        self.place = (database, merchant_id)

    async def open(self) -> list[int]:
        await open_plan(*self.place)
        return await joined(*self.place, 1, 2, 3, 4)

    async def merge(self, member_id: int, into_id: int) -> int:
        async with self.database.write(self.merchant_id) as tx:
            merge_id = await members.merge(tx, member_id, into_id, by="小美", at=MERGED)
        await hear(*self.place, MERGED)
        return merge_id

    async def part(self, merge_id: int) -> None:
        async with self.database.write(self.merchant_id) as tx:
            told = await members.unmerge(tx, merge_id, by="小美", at=PARTED)
        await hear(*self.place, PARTED)
        async with self.database.write(self.merchant_id) as tx:
            tx.announce(told)  # heard twice
        await hear(*self.place, PARTED)
        await run(*self.place, PARTED)

    async def brought(self, member_id: int) -> tuple[int, str] | None:
        """(referrer, state) of the relation that counts."""
        async with self.database.read(self.merchant_id) as tx:
            found = [one for one in await referrals.of_friends(tx, [member_id]) if one.state != "void"]
        assert len(found) <= 1
        return (found[0].referrer_id, found[0].state) if found else None

    async def points(self, *member_ids: int) -> list[int]:
        return [await held(*self.place, one) for one in member_ids]


@pytest.fixture
def shop(database: Database, merchant_id: int) -> Shop:
    return Shop(database, merchant_id)


async def test_whom_the_merged_member_brought_are_theirs_again(shop: Shop) -> None:
    wang, li, zhao, chen = await shop.open()
    await refer(*shop.place, zhao, li)
    await refer(*shop.place, chen, wang)
    merge_id = await shop.merge(li, wang)
    assert (await shop.brought(zhao), await shop.brought(chen)) == ((wang, "waiting"), (wang, "waiting"))
    await shop.part(merge_id)
    assert (await shop.brought(zhao), await shop.brought(chen)) == ((li, "waiting"), (wang, "waiting"))


async def test_who_brought_the_merged_member_is_their_referrer_again(shop: Shop) -> None:
    wang, li, zhao, _ = await shop.open()
    await refer(*shop.place, li, zhao)
    merge_id = await shop.merge(li, wang)
    assert (await shop.brought(li), await shop.brought(wang)) == (None, (zhao, "waiting"))
    await shop.part(merge_id)
    assert (await shop.brought(li), await shop.brought(wang)) == ((zhao, "waiting"), None)


async def test_of_two_referrers_both_stand_again(shop: Shop) -> None:
    wang, li, zhao, chen = await shop.open()
    await refer(*shop.place, li, zhao)
    await refer(*shop.place, wang, chen)
    merge_id = await shop.merge(li, wang)
    assert await shop.brought(wang) == (zhao, "waiting")
    await shop.part(merge_id)
    assert (await shop.brought(li), await shop.brought(wang)) == ((zhao, "waiting"), (chen, "waiting"))


async def test_rewards_taken_back_for_a_merge_are_given_again_once(shop: Shop) -> None:
    """王芳 brought 李静 and both were rewarded; then 李静 is taken for 王芳, by mistake."""
    wang, li, _, _ = await shop.open()
    await refer(*shop.place, li, wang)
    await buy(*shop.place, 2, "o1", at=NOON + DAY)
    await run(*shop.place, PAID)
    assert await shop.points(wang, li) == [200, 200]
    merge_id = await shop.merge(li, wang)
    assert (await shop.brought(wang), sum(await shop.points(wang, li))) == (None, 0)
    await shop.part(merge_id)
    assert await shop.brought(li) == (wang, "rewarded")
    assert sum(await shop.points(wang, li)) == 400
    async with shop.database.read(shop.merchant_id) as tx:
        found = await referrals.board(tx, "all", NOON.date())
    assert [(one.member_id, one.friends) for one in found.places] == [(wang, 1)]


async def test_a_ring_that_a_merge_closed_is_none_when_it_is_undone(shop: Shop) -> None:
    wang, li, zhao, _ = await shop.open()
    await refer(*shop.place, li, wang)
    await refer(*shop.place, zhao, li)
    merge_id = await shop.merge(zhao, wang)
    assert (await shop.brought(wang), await shop.brought(li)) == (None, (wang, "waiting"))
    await shop.part(merge_id)
    assert (await shop.brought(zhao), await shop.brought(li)) == ((li, "waiting"), (wang, "waiting"))


async def test_a_friend_brought_in_between_stays_with_the_heir(shop: Shop) -> None:
    wang, li, zhao, _ = await shop.open()
    merge_id = await shop.merge(li, wang)
    await refer(*shop.place, zhao, wang, at=MERGED)
    await shop.part(merge_id)
    assert await shop.brought(zhao) == (wang, "waiting")


async def test_a_referrer_found_in_between_stays(shop: Shop) -> None:
    """What was void by the merge does not come back over another referrer."""
    wang, li, zhao, chen = await shop.open()
    await refer(*shop.place, wang, li)
    merge_id = await shop.merge(li, wang)
    assert await shop.brought(wang) is None
    assert (await refer(*shop.place, wang, zhao, at=NOON)).state == "noted"
    await shop.part(merge_id)
    assert await shop.brought(wang) == (zhao, "waiting")
    assert await shop.brought(chen) is None


async def test_codes_and_devices_go_back(shop: Shop) -> None:
    wang, li, zhao, chen = await shop.open()
    await refer(*shop.place, li, zhao, device="li's phone")
    await refer(*shop.place, wang, chen, device="wang's phone")
    codes = {one: await code_of(*shop.place, one) for one in (wang, li)}

    async def devices(member_id: int) -> int:
        async with shop.database.read(shop.merchant_id) as tx:
            return int(
                await tx.value(
                    "select count(*) from referral_device where merchant_id = %(merchant_id)s and member_id = %(id)s",
                    id=member_id,
                )
                or 0
            )

    before = await devices(li), await devices(wang)
    merge_id = await shop.merge(li, wang)
    assert (await devices(li), await devices(wang)) == (0, sum(before))
    await shop.part(merge_id)
    assert (await devices(li), await devices(wang)) == before
    assert {one: await code_of(*shop.place, one) for one in (wang, li)} == codes
