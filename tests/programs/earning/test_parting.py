"""What counts towards caps is united when members are merged, and separated when the merge is undone."""

from shuke.ground import members
from shuke.kit.db import Database
from shuke.programs.earning import counting
from shuke.programs.earning.actions import merging
from tests.programs.intake.test_orders import NOW

DAY = "d:2026-03-08"


async def _count(database: Database, merchant_id: int, member_id: int, points: int) -> None:
    async with database.write(merchant_id) as tx:
        await tx.together(*counting({(7, member_id, DAY): (points, 1)}))


async def _counted(database: Database, merchant_id: int) -> dict[int, tuple[int, int]]:
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select member_id, points, times from earning_counter where merchant_id = %(merchant_id)s and points > 0"
        )
    return {row.member_id: (row.points, row.times) for row in rows}


async def test_caps_hold_for_both_together_and_for_each_again(database: Database, merchant_id: int) -> None:
    async with database.write(merchant_id) as tx:
        await members.ensure_members(tx, [{"external": "c-1"}, {"external": "c-2"}], NOW)
        merge_id = await members.merge(tx, 1, 2, by="小美", at=NOW)
    await _count(database, merchant_id, 1, 80)
    await _count(database, merchant_id, 2, 30)
    for _ in range(2):  # the same announcement once more changes nothing
        await database.attempt(merchant_id, merging.unite, [(merge_id, 1, 2)])
        assert (await _counted(database, merchant_id))[2] == (110, 2)
    await _count(database, merchant_id, 2, 15)
    for _ in range(2):
        await database.attempt(merchant_id, merging.part, [(merge_id, 1, 2)])
        assert await _counted(database, merchant_id) == {1: (80, 1), 2: (45, 2)}
