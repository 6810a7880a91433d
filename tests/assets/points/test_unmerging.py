"""A merge that was a mistake: lots go back to the member they came from; what was spent meanwhile is stated."""

from shuke.assets import points
from shuke.kit import clock
from shuke.kit.db import Database
from tests.assets.points.test_verbs import DAY, T0, WHY, balance, clean, credit, debit, post


async def _merge(database: Database, merchant_id: int) -> None:
    await database.attempt(merchant_id, points.merge_members, [(1, 2)], T0)


async def _unmerge(database: Database, merchant_id: int) -> list[points.Unmerged]:
    return await database.attempt(merchant_id, points.unmerge_members, [(1, 2)], T0 + DAY / 2)


async def test_lots_go_back_with_their_own_ends(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 50, "a", days=5), credit(1, 20, "b", pending=3), credit(2, 10, "c"))
    await post(database, merchant_id, debit(1, 15, "d"))
    before = [await balance(database, merchant_id, member) for member in (1, 2)]
    await _merge(database, merchant_id)
    (done,) = await _unmerge(database, merchant_id)
    assert (done.moved, done.back, done.debt) == (55, 55, 0)
    assert [await balance(database, merchant_id, member) for member in (1, 2)] == before
    assert await _unmerge(database, merchant_id) == []
    await clean(database, merchant_id)


async def test_what_was_spent_meanwhile_stays_with_the_survivor_and_is_said(
    database: Database, merchant_id: int
) -> None:
    await post(database, merchant_id, credit(1, 50, "a", days=5), credit(1, 40, "b", days=9), credit(2, 10, "c"))
    await _merge(database, merchant_id)
    await post(database, merchant_id, debit(2, 60, "d"))
    (done,) = await _unmerge(database, merchant_id)
    assert (done.moved, done.back) == (90, 30)
    mine, theirs = [await balance(database, merchant_id, member) for member in (1, 2)]
    assert (mine.available, mine.spent_total, mine.expiring[0].expires_at) == (30, 0, T0 + 9 * DAY)
    assert (theirs.available, theirs.spent_total, theirs.debt) == (10, 60, 0)
    async with database.read(merchant_id) as tx:
        latest = (await points.entries_of(tx, 1)).items[0]
    assert latest.points == 30
    assert latest.why.zh == "撤销会员 1 到会员 2 的合并：转来的 90 退回 30，其余 60 已用掉、过期或冻结，留在会员 2 名下"
    await clean(database, merchant_id)


async def test_holds_that_came_along_go_back_and_others_keep_their_points(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 50, "a", days=5), credit(2, 10, "c"))

    async def hold(key: str, member_id: int, amount: int) -> None:
        request = points.HoldRequest(member_id=member_id, points=amount, key=key, why=WHY, expires_at=T0 + DAY)
        with clock.at(T0):
            (done,) = await database.attempt(merchant_id, points.hold, [request], T0)
        assert done.state == "done"

    await hold("before", 1, 5)
    await _merge(database, merchant_id)
    await hold("after", 2, 30)  # from the lot that runs out first, which came with the merge
    (done,) = await _unmerge(database, merchant_id)
    assert (done.moved, done.back) == (50, 20)
    with clock.at(T0 + DAY / 2):
        mine, theirs = [await balance(database, merchant_id, member, T0 + DAY / 2) for member in (1, 2)]
        assert (mine.available, mine.held, theirs.available, theirs.held) == (15, 5, 10, 30)
        taken = await database.attempt(merchant_id, points.capture, ["before", "after"], T0 + DAY / 2)
    assert [one.state for one in taken] == ["done", "done"]
    await clean(database, merchant_id)


async def test_debt_goes_back_as_far_as_it_is_still_owed_and_a_second_merge_is_undone_by_itself(
    database: Database, merchant_id: int
) -> None:
    await post(database, merchant_id, credit(1, 50, "a"), credit(2, 10, "c"))
    await post(database, merchant_id, debit(1, 50, "d"))
    async with database.write(merchant_id) as tx:
        book = await points.open_book(tx, [1], at=T0, lots_of=[1])
        await tx.ids.ensure(2)
        book.take_back(1, 30, points.Cause("back", WHY, T0), own_entry=0)
        points.store(tx, book)
    await _merge(database, merchant_id)
    await post(database, merchant_id, credit(2, 12, "e"))  # pays 12 of the 30
    (done,) = await _unmerge(database, merchant_id)
    assert (done.back, done.debt) == (0, 18)
    assert [(await balance(database, merchant_id, member)).debt for member in (1, 2)] == [18, 0]
    await _merge(database, merchant_id)
    (again,) = await _unmerge(database, merchant_id)
    assert (again.moved, again.back, again.debt) == (0, 0, 18)
    await clean(database, merchant_id)
