"""The demonstration merchant's last day is yesterday, also when nobody looked for a month."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from shuke.assets import audit, digests
from shuke.assets.points import jobs as points_jobs
from shuke.doors import wiring
from shuke.doors.context import Context
from shuke.doors.demo import catching_up, later, load, purchases, shop, world
from shuke.ground import ingestion, members, tenancy
from shuke.kit import clock
from shuke.kit.events import Relay

LAST = date(2026, 10, 20)
FEW = 120


def _days(until: date) -> list[later.Day]:
    return list(later.Later(world.build(LAST, count=FEW), until).days())


def test_a_day_is_the_same_from_wherever_one_gets_to_it() -> None:
    week, month = _days(LAST + timedelta(days=7)), _days(LAST + timedelta(days=31))
    assert [day.date for day in month] == [LAST + timedelta(days=n) for n in range(1, 32)]
    assert week == month[:7]


def test_life_goes_on_as_it_did() -> None:
    """A month after the year has about as much of everything as a month within it, told on its own day."""
    founded = world.build(LAST, count=1_000)
    days = list(later.Later(founded, LAST + timedelta(days=30)).days())
    orders = [order for day in days for order in day.orders]
    within = [order for order in founded.orders if order.at.date() > LAST - timedelta(days=30)]
    assert 0.6 < len(orders) / len(within) < 1.8
    assert 30 < sum(len(day.joined) for day in days) < 70
    deeds = [deed for day in days for deed in day.deeds]
    before = [deed for deed in founded.deeds if deed.at.date() > LAST - timedelta(days=30)]
    assert 0.5 < len(deeds) / len(before) < 1.8
    assert len({order.order_id for order in orders} | {order.order_id for order in founded.orders}) == len(
        orders
    ) + len(founded.orders)
    assert len({deed.event_id for deed in deeds}) == len(deeds)
    assert all(refund.at.date() <= day.date and refund.order.at < refund.at for day in days for refund in day.refunds)
    people = [member for day in days for member in day.joined]
    phones = {member.phone for member in (*founded.members, *people)}
    assert len(phones) == len(founded.members) + len(people)
    assert all(members.identities_of({"phone": member.phone}) for member in people)


async def test_only_a_spending_may_be_refused(context: Context, merchant_id: int) -> None:
    """Points may have expired between the answer to a message and the order; anything else is a fault of the world."""
    play = load.Play(context.database, None, merchant_id, world.build(LAST, count=10), None, [])  # type: ignore[arg-type]
    sold = {"occurred_at": clock.now(), "amount_fen": 10_000, "member": {"phone": "13800138000"}}
    await load._apply(play, [ingestion.OrderIn(order_id="back", points_spent=500, **sold)], history=False)
    with pytest.raises(AssertionError, match="unknown_store"):
        await load._apply(play, [ingestion.OrderIn(order_id="lost", store_id="nowhere", **sold)], history=False)
    async with context.database.read(merchant_id) as tx:
        assert await tx.value("select count(*) from orders where merchant_id = %(merchant_id)s") == 0


@pytest.mark.slow
async def test_the_missing_days_are_fed_once(mirrored: Context, tmp_path: Path) -> None:
    database = mirrored.database
    merchant_id = await load.load(database, mirrored.mirror, LAST, lambda *_: None, home=tmp_path, count=FEW)
    with clock.at(load.instant(LAST + timedelta(days=1), load.MORNING)):
        assert await catching_up.catch_up(mirrored, count=FEW) == 0  # nothing is missing
    for today, missing in ((LAST + timedelta(days=3), 2), (LAST + timedelta(days=33), 30)):
        with clock.at(load.instant(today, load.MORNING)):
            assert await catching_up.catch_up(mirrored, count=FEW) == missing
            await points_jobs.sweep_points(
                database, merchant_id
            )  # what lapses meanwhile is booked by whoever sweeps first
            before = await _shape(database, merchant_id)
            assert await catching_up.catch_up(mirrored, count=FEW) == 0
            assert await _shape(database, merchant_id) == before
    with clock.at(load.instant(today, load.MORNING)):
        async with database.write(merchant_id) as tx:  # as if the note of how far it came were lost
            await tenancy.change_merchant(tx, settings={})
        assert await catching_up.catch_up(mirrored, count=FEW) == 32
        assert (await _shape(database, merchant_id))[:3] == before[:3]
        assert (await audit.audit(database, merchant_id, clock.now()))["differences"] == 0
    last, orders, late = before[0], before[1], before[3]
    assert last.astimezone(purchases.ZONE).date() == today - timedelta(days=1)
    wanted = sum(len(day.orders) for day in _days(today - timedelta(days=1)))
    assert wanted <= orders - len(world.build(LAST, count=FEW).orders) <= wanted + 60  # some come back for an offer
    assert late == 0
    await _goes_on_in_the_evening(mirrored, merchant_id, today)
    async with database.directory() as tx:  # other tests make this merchant too
        await tx.run(f"update merchant set slug = slug || '-caught-up', state = 'closed' where slug = '{shop.SLUG}'")


async def _goes_on_in_the_evening(mirrored: Context, merchant_id: int, today: date) -> None:
    """While the process runs on, the day that is about to end is fed by due work, once, and told as that day's."""
    database, evening = mirrored.database, load.instant(today, load.EVENING)
    due = "select at from due where merchant_id = %(merchant_id)s and kind = 'demo_day'"
    async with database.write(merchant_id) as tx:
        await tx.run("delete from due where merchant_id = %(merchant_id)s and kind = 'demo_day'")
    with clock.at(load.instant(today, load.MORNING)):
        assert await catching_up.catch_up(mirrored, count=FEW) == 0
    async with database.read(merchant_id) as tx:
        assert await tx.value(due) == evening
    before = await _shape(database, merchant_id)
    with clock.at(evening):
        for _ in range(2):
            assert await catching_up.feed_due(database, merchant_id, count=FEW) == evening + timedelta(days=1)
            await Relay(database, wiring.READERS).drain(merchant_id)
    after = await _shape(database, merchant_id)
    assert after[0].astimezone(purchases.ZONE).date() == today
    wanted = len(_days(today)[-1].orders)
    assert 0 < wanted <= after[1] - before[1] <= wanted + 5  # some come back for an offer
    assert after[3] == 0
    with clock.at(evening + timedelta(minutes=30)):
        async with database.write(merchant_id) as tx:
            assert await digests.make_digests(tx, clock.now()) > 0
        async with database.read(merchant_id) as tx:
            told = (await digests.digests(tx, None, 30)).items
    assert (told[0].day, told[0].entries >= wanted) == (today, True)
    assert [one.day for one in told if not one.entries] == [], "every day that was fed moved points"


async def _shape(database: Any, merchant_id: int) -> tuple[Any, ...]:
    async with database.read(merchant_id) as tx:
        row = await tx.one(
            "select (select max(occurred_at) from orders where merchant_id = %(merchant_id)s) as last, "
            "(select count(*) from orders where merchant_id = %(merchant_id)s) as orders, "
            "(select sum(points) from entry where merchant_id = %(merchant_id)s) as points, "
            "(select count(*) from late_item where merchant_id = %(merchant_id)s) as late"
        )
    return tuple(row)
