"""The sweep books what time has made true already, once, whoever else is at work."""

import asyncio
from datetime import UTC, datetime, timedelta

from shuke.assets import audit, points
from shuke.assets.audit import jobs as audit_jobs
from shuke.assets.points import jobs
from shuke.kit import clock
from shuke.kit.db import Database
from tests.assets.points.test_verbs import DAY, T0, balance, clean, credit, debit, post
from tests.statements import counted


async def _sweep(database: Database, merchant_id: int, at: datetime, batch: int = 500) -> points.Swept:
    return await points.sweep_merchant(database, merchant_id, at, batch)


async def test_an_expiry_is_dated_when_it_became_true(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 100, "a", days=10), credit(1, 50, "b", days=20), debit(1, 30, "c"))
    assert await _sweep(database, merchant_id, T0 + 10 * DAY - timedelta(microseconds=1)) == points.Swept()
    assert await _sweep(database, merchant_id, T0 + 15 * DAY) == points.Swept(1, 70, 0)
    async with database.read(merchant_id) as tx:
        (expired,) = (await points.ledger(tx, types=["expire"])).items
        row = await tx.one(
            "select key, effective_at from entry where merchant_id = %(merchant_id)s and type = 'expire'"
        )
    assert (expired.points, expired.occurred_at, row.effective_at) == (-70, T0 + 10 * DAY, T0 + 10 * DAY)
    assert row.key.startswith("expire:")
    assert expired.why.zh == "2026-03-01 获得的积分到期未用"
    assert (await clean(database, merchant_id))["expired"] == 70


async def test_two_sweeps_and_spends_at_once_book_each_lot_once(database: Database, merchant_id: int) -> None:
    credits = [credit(member, 10, f"{member}:{n}", days=5) for member in range(1, 41) for n in range(5)]
    await post(database, merchant_id, *credits)
    at = T0 + 6 * DAY
    spends = [post(database, merchant_id, debit(member, 1, f"s{member}"), at=at) for member in range(1, 41)]
    sweeps = [_sweep(database, merchant_id, at, batch=7) for _ in range(3)]
    done = await asyncio.gather(*sweeps, *spends)
    assert sum(swept.lots for swept in done[:3]) == 200
    assert {verdict.state for (verdict,) in done[3:]} == {"refused"}
    totals = await clean(database, merchant_id)
    assert (totals["expired"], totals["outstanding"], totals["entries"]) == (2000, 0, 400)


async def test_a_sweep_is_a_constant_number_of_statements_for_any_number_of_lots(
    database: Database, merchant_id: int
) -> None:
    await post(database, merchant_id, *(credit(member, 10, f"c{member}", days=5) for member in range(1, 301)))
    counts = []
    for limit in (1, 250):
        async with database.write(merchant_id) as tx:
            counting = counted(tx)
            assert (await points.sweep(tx, T0 + 6 * DAY, limit)).lots == limit
            counts.append(counting.count)
    assert counts[0] == counts[1] <= 12


async def test_a_restore_after_the_expiry_gets_a_stated_grace(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 100, "a", days=10), debit(1, 100, "b"))
    late = T0 + 30 * DAY
    async with database.write(merchant_id) as tx:
        with clock.at(late):
            book = await points.open_book(tx, [1], lots_of=[1])
            row = await tx.one(
                "select c.lot_id, c.entry_id, l.expires_at, l.earned_at from consumption c join lot l on l.lot_id = c.lot_id "
                "and l.merchant_id = c.merchant_id where c.merchant_id = %(merchant_id)s"
            )
            lot = points.LotState(row.lot_id, 0, False, row.earned_at, row.earned_at, row.expires_at)
            cause = points.Cause("back", {"zh": "退还", "en": "back"}, late, of_entry_id=row.entry_id)
            await tx.ids.ensure(4)
            book.give_back(1, [(lot, 60)], cause)
            points.store(tx, book)
    found = await balance(database, merchant_id, at=late)
    assert (found.available, found.expiring) == (60, (points.Expiring(60, late + timedelta(days=7)),))
    await clean(database, merchant_id)


async def test_the_jobs_say_when_they_are_due_again(database: Database, merchant_id: int) -> None:
    await post(database, merchant_id, credit(1, 100, "a", days=2))
    for at, again, left in ((T0, DAY, 100), (T0 + 1.5 * DAY, 0.5 * DAY, 100), (T0 + 2 * DAY, DAY, 0)):
        with clock.at(at):
            assert await jobs.sweep_points(database, merchant_id) == at + again
        async with database.read(merchant_id) as tx:
            assert (
                await tx.value("select sum(balance)::bigint from account where merchant_id = %(merchant_id)s") == left
            )
    with clock.at(T0):
        assert await audit_jobs.audit_points(database, merchant_id) == datetime(
            2026, 3, 1, 19, tzinfo=UTC
        )  # 3 in the morning
    async with database.read(merchant_id) as tx:
        found = await audit.last_audit(tx)
    assert found is not None
    assert found["differences"] == 0
