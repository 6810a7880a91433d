"""What the mirror knows of points: what holds set aside is not available there either, whatever becomes of them."""

from datetime import datetime

from shuke.assets import points
from shuke.ground import mirror
from shuke.kit import clock
from shuke.kit.db import Database
from tests.assets.points.test_verbs import DAY, T0, WHY, credit, post


async def mirrored(columns: mirror.Mirror, database: Database, merchant_id: int, at: datetime) -> dict[int, int]:
    """Available points by member, as the mirror sums them."""
    await mirror.drain(columns, database, merchant_id)
    instant = mirror.instant_literal(at)
    rows = await mirror.rows(
        columns,
        f"SELECT member, sum(points) FROM points_moves WHERE merchant = {merchant_id} AND wallet = 'points' "
        f"AND effective_at <= {instant} AND active_from <= {instant} AND expires_at > {instant} GROUP BY member",
    )
    return {row[0]: row[1] for row in rows}


async def test_holds_lower_what_is_available(database: Database, columns: mirror.Mirror, merchant_id: int) -> None:
    members = range(1, 6)
    await post(database, merchant_id, *(credit(n, 100, f"a{n}") for n in members))
    until = T0 + 3 * DAY
    held = [
        points.HoldRequest(member_id=n, points=10 * n, key=f"h{n}", why=WHY, expires_at=until) for n in members if n < 5
    ]
    with clock.at(T0 + DAY):
        await database.attempt(merchant_id, points.hold, held, T0 + DAY)
    with clock.at(T0 + 2 * DAY):
        await database.attempt(merchant_id, points.capture, ["h1"], T0 + 2 * DAY)
        await database.attempt(merchant_id, points.release, ["h2"], T0 + 2 * DAY)
        await database.attempt(merchant_id, points.merge_members, [(4, 5)], T0 + 2 * DAY)
    with clock.at(T0 + 5 * DAY):
        await points.sweep_merchant(database, merchant_id, T0 + 5 * DAY)
    for day in (0.5, 1.5, 2.5, 3.5):
        at = T0 + day * DAY
        async with database.read(merchant_id) as tx:
            truth = {
                n: one.available for n, one in (await points.balances_at(tx, members, at)).items() if one.available
            }
        seen = await mirrored(columns, database, merchant_id, at)
        assert {n: seen[n] for n in (1, 2, 3, 5)} == {n: truth[n] for n in (1, 2, 3, 5)}, day
    assert (await mirrored(columns, database, merchant_id, T0 + 2.5 * DAY)) == {1: 90, 2: 100, 3: 70, 4: 0, 5: 160}
