"""A spend reads only the lots that it may take, and still takes the right ones and says what there is."""

import random
from datetime import timedelta

from shuke.assets import points
from shuke.kit import clock
from shuke.kit.db import Database
from tests.assets.points.test_verbs import DAY, T0, WHY, balance, clean, credit, debit, lots, post


def _take(mine: list[list[int]], want: int) -> None:
    """From what runs out first, then from the oldest; each lot is its days, its number, granted and left."""
    for lot in sorted(mine):
        taken = min(lot[3], want)
        lot[3] -= taken
        want -= taken


async def test_the_earliest_end_first_and_what_waits_or_is_over_is_left(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 7, "over", days=2))
    later = T0 + 3 * DAY
    given = (credit(1, 10, "never", days=None), credit(1, 20, "late", days=9), credit(1, 30, "soon", days=5))
    await post(database, merchant_id, *given, credit(1, 40, "waits", days=4, pending=3))
    at = T0 + 2.5 * DAY
    assert [v.state for v in await post(database, merchant_id, debit(1, 35, "a", at), at=at)] == ["booked"]
    assert sorted(await lots(database, merchant_id)) == [(7, 7), (10, 10), (20, 15), (30, 0), (40, 40)]
    (refused,) = await post(database, merchant_id, debit(1, 26, "b", at), at=at)
    assert refused.refusal is not None
    assert refused.refusal["details"] == {"available": 25, "wanted": 26}
    assert (await balance(database, merchant_id, at=later)).available == 65
    await clean(database, merchant_id)


async def test_held_points_are_not_spent_also_where_few_lots_would_do(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, *(credit(1, 10, f"c{n}", days=10 + n) for n in range(5)))
    async with database.write(merchant_id) as tx:
        request = points.HoldRequest(member_id=1, points=25, key="h", why=WHY, expires_at=T0 + DAY)
        (held,) = await points.hold(tx, [request], T0)
        assert held.state == "done"
    assert [v.state for v in await post(database, merchant_id, debit(1, 20, "a"), debit(1, 6, "b"))] == [
        "booked",
        "refused",
    ]
    assert sorted(left for _, left in await lots(database, merchant_id)) == [0, 5, 5, 10, 10]
    await clean(database, merchant_id)


async def test_many_spends_take_what_a_plain_fold_takes(database: Database, merchant_id: int) -> None:
    chance = random.Random(11)
    mine: list[list[int]] = []
    for turn in range(12):
        credits = [(chance.randrange(1, 30), chance.randrange(5, 60)) for _ in range(4)]
        mine += [[days, turn * 4 + n, points_, points_] for n, (days, points_) in enumerate(credits)]
        await post(database, merchant_id, *(credit(1, p, f"c{turn}:{n}", days=d) for n, (d, p) in enumerate(credits)))
        wanted = [chance.randrange(1, 60) for _ in range(3)]
        states = await post(database, merchant_id, *(debit(1, w, f"d{turn}:{n}") for n, w in enumerate(wanted)))
        for want, verdict in zip(wanted, states, strict=True):
            assert (verdict.state == "booked") == (sum(left for *_, left in mine) >= want)
            if verdict.state == "booked":
                _take(mine, want)
    left = sorted((points_, left) for _, _, points_, left in mine)
    assert sorted(await lots(database, merchant_id)) == left
    with clock.at(T0 + timedelta(days=1)):
        await clean(database, merchant_id)
