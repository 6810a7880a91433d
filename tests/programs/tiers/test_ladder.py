"""The ladder: up at once, down at the end of the period, nobody demoted by an edit."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs import tiers
from shuke.programs.tiers import models, policy

T0 = datetime(2026, 3, 1, 4, tzinfo=UTC)
PERIOD_END = datetime(2027, 12, 31, 16, tzinfo=UTC)  # the last midnight of 2027 in Shanghai
LADDER = [
    tiers.Level(0, "普通会员", 0, 100),
    tiers.Level(1, "金卡", 100_000, 150),
    tiers.Level(2, "白金", 500_000, 200),
]


async def stand(database: Database, merchant_id: int, member: int, months: dict[str, int], level: int) -> None:
    async with database.write(merchant_id) as tx:
        row = {"member_id": member, "level": level, "since": T0, "keep_until": PERIOD_END, "months": months}
        await tx.insert(models.MemberTier, [row])


async def change(database: Database, merchant_id: int, *levels: tiers.Level) -> None:
    async with database.write(merchant_id) as tx:
        await tiers.change_ladder(tx, levels or LADDER)


async def levels(database: Database, merchant_id: int, *members: int) -> list[int]:
    async with database.read(merchant_id) as tx:
        return [(await tiers.level_now(tx, member)).level for member in members]


@pytest.mark.parametrize(
    ("paid", "day", "window"),
    [
        ({"2026-01": 5, "2025-12": 7}, date(2026, 1, 31), 12),
        ({"2025-01": 1, "2025-02": 2, "2026-01": 4}, date(2026, 1, 1), 6),
        ({"2026-01": 1, "2026-12": 2, "2025-12": 4}, date(2026, 12, 31), 3),
        ({"2027-01": 9}, date(2026, 12, 31), 0),
    ],
)
def test_the_window_is_the_month_and_the_eleven_before(paid: dict[str, int], day: date, window: int) -> None:
    assert policy.worth(policy.DEFAULT, paid, day) == window


def test_a_payment_raises_at_once_and_a_refund_never_lowers() -> None:
    standing = tiers.Standing(1, 0, T0, None, {})
    rise = tiers.pay(standing, LADDER, 120_000, date(2026, 3, 1), T0, "Asia/Shanghai")
    assert rise == tiers.Rise(1, 0, 1, T0)
    assert (standing.level, standing.keep_until) == (1, PERIOD_END)
    assert tiers.pay(standing, LADDER, -120_000, date(2026, 3, 1), T0, "Asia/Shanghai") is None
    assert (standing.level, standing.months) == (1, {"2026-03": 0})
    assert tiers.pay(standing, LADDER, 500_000, date(2026, 4, 1), T0, "Asia/Shanghai") == tiers.Rise(1, 1, 2, T0)


async def test_down_only_at_the_end_of_the_period_and_only_who_did_not_pay_enough(
    database: Database, merchant_id: int
) -> None:
    await change(database, merchant_id)
    await stand(database, merchant_id, 1, {"2026-03": 600_000}, 2)
    await stand(database, merchant_id, 2, {"2026-03": 600_000, "2027-06": 500_000}, 2)
    await stand(database, merchant_id, 3, {"2026-12": 900_000, "2027-01": 120_000}, 2)
    before = PERIOD_END - timedelta(seconds=1)
    assert await tiers.review_merchant(database, merchant_id, before) == 0
    assert await levels(database, merchant_id, 1, 2, 3) == [2, 2, 2]
    late = PERIOD_END + timedelta(hours=7)
    with clock.at(late):
        assert await tiers.review_merchant(database, merchant_id, late, batch=2) == 3
        assert await tiers.review_merchant(database, merchant_id, late) == 0
    assert await levels(database, merchant_id, 1, 2, 3) == [0, 2, 1]
    async with database.read(merchant_id) as tx:
        then = await tiers.levels_at(tx, [(1, PERIOD_END), (3, PERIOD_END)])
        shapes = await tiers.tiers_of(tx, [2, 3], date(2028, 1, 1))
        heard = await tx.rows(
            "select payload from outbox where merchant_id = %(merchant_id)s and kind = 'tiers_changed'"
        )
    assert then == [0, 1]
    assert shapes[2].keep_until == datetime(2028, 12, 31, 16, tzinfo=UTC)
    assert (shapes[3].worth, shapes[3].next) == (0, tiers.NextLevel(2, "白金", 500_000, 500_000))
    assert sorted(c["member_id"] for row in heard for c in row.payload["changes"]) == [1, 3]


async def test_an_edit_demotes_nobody_and_a_level_in_use_stays(database: Database, merchant_id: int) -> None:
    await change(database, merchant_id)
    await stand(database, merchant_id, 1, {"2026-03": 120_000}, 1)
    dearer = [LADDER[0], tiers.Level(1, "金卡会员", 300_000, 180), LADDER[2]]
    await change(database, merchant_id, *dearer)
    assert await levels(database, merchant_id, 1) == [1]
    with pytest.raises(tiers.LevelInUse) as refused:
        await change(database, merchant_id, LADDER[0], LADDER[2])
    assert refused.value.message_zh == "还有 1 位会员是「金卡会员」，不能删除这一级。"
    async with database.read(merchant_id) as tx:
        assert await tiers.ladder(tx) == dearer


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [tiers.Level(0, "a", 1, 100)],
        [tiers.Level(0, "a", 0, 100), tiers.Level(1, "a", 5, 100)],
        [tiers.Level(0, "a", 0, 100), tiers.Level(0, "b", 5, 100)],
        [tiers.Level(0, "a", 0, 100), tiers.Level(1, "b", 5, 100), tiers.Level(2, "c", 5, 100)],
        [tiers.Level(0, "a", 0, 0)],
        [tiers.Level(0, "", 0, 100)],
    ],
)
async def test_a_ladder_that_is_not_one_is_refused(
    database: Database, merchant_id: int, wrong: list[tiers.Level]
) -> None:
    with pytest.raises(tiers.BadLadder):
        async with database.write(merchant_id) as tx:
            await tiers.change_ladder(tx, wrong)
    async with database.read(merchant_id) as tx:
        assert len(await tiers.ladder(tx)) == 1


async def test_two_standings_become_one_with_the_higher_level(database: Database, merchant_id: int) -> None:
    await change(database, merchant_id)
    await stand(database, merchant_id, 1, {"2026-03": 120_000}, 1)
    await stand(database, merchant_id, 2, {"2026-02": 390_000, "2026-03": 1_000}, 0)
    await stand(database, merchant_id, 3, {}, 2)
    for _ in range(2):
        async with database.write(merchant_id) as tx:
            await tiers.merge_standings(tx, [(1, 2)], T0)
    assert await levels(database, merchant_id, 1, 2) == [0, 2]
    async with database.read(merchant_id) as tx:
        shape = (await tiers.tiers_of(tx, [2], date(2026, 3, 1)))[2]
        changes = await tx.rows(
            "select member_id, to_level, reason from tier_change where merchant_id = %(merchant_id)s"
        )
    assert (shape.worth, shape.keep_until) == (511_000, PERIOD_END)
    assert [tuple(row) for row in changes] == [(2, 2, "merged")]
    async with database.write(merchant_id) as tx:
        await tiers.merge_standings(tx, [(3, 4)], T0)
    assert await levels(database, merchant_id, 3, 4) == [0, 2]
