"""Brings the demonstration merchant to yesterday, at every start and every evening: the days since it was last fed, in order.

Every day is recorded as its own evening, or as the merchant's last word where that is later; so a pause of a month is a
month of evenings, with refreshes and journeys in between. What was fed before is a repeat and changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog

from shuke.assets import offers
from shuke.assets.points import jobs as points_jobs
from shuke.doors import wiring
from shuke.doors.demo import later, load, purchases, shop, world
from shuke.ground import members, tenancy
from shuke.kit import clock, jobs
from shuke.kit.events import Relay
from shuke.programs import intake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.doors.context import Context
    from shuke.doors.demo.later import Day, Later
    from shuke.doors.demo.load import Play
    from shuke.ground import ingestion
    from shuke.ground.mirror import Mirror
    from shuke.kit.db import Database, Tx

log = structlog.get_logger("demo")
UNTIL = "demo_until"
"""The merchant's setting that says which day was fed last."""


async def catch_up(context: Context, *, count: int = world.MEMBERS) -> int:
    """Feed every day behind the last one, up to yesterday (in the evening: today); how many. Nothing where there is no such
    merchant or no mirror.

    Repeatable, also after a crash in the middle of a day. To be called while no background work of this process runs; it
    has the next day fed by `feed_due`.
    """
    async with context.database.directory() as tx:
        merchant = await tenancy.find_merchant(tx, shop.SLUG)
    if merchant is None or context.mirror is None:
        return 0
    async with context.database.write(merchant.merchant_id) as tx:
        await jobs.wake(tx, load.WORK, load.next_due())
    return await _feed_missing(context.database, context.mirror, merchant.merchant_id, count)


async def feed_due(database: Database, merchant_id: int, *, count: int = world.MEMBERS) -> datetime:
    """The day that is about to end, beside all other work; when the next one is. Repeatable.

    What follows from the day (refreshes, journeys, copies) is left to the work that goes on anyhow.
    """
    await _feed_missing(database, None, merchant_id, count)
    return load.next_due()


async def _feed_missing(database: Database, mirror: Mirror | None, merchant_id: int, count: int) -> int:
    """The days that are missing; with the mirror, also what the clock would have brought round in between."""
    until = load.last_day()
    async with database.read(merchant_id) as tx:
        merchant, born = await tenancy.get_merchant(tx), await tenancy.born_at(tx)
    last = clock.business_date(born, shop.ZONE) + timedelta(days=world.DAYS - 1)
    fed = max(date.fromisoformat(merchant.settings.get(UNTIL, last.isoformat())), last)
    if fed >= until:
        return 0
    log.info("the demonstration merchant catches up", since=fed.isoformat(), until=until.isoformat())
    made = await asyncio.to_thread(world.build, last, count=count)
    days = later.Later(made, until)
    play = load.Play(
        database, mirror, merchant_id, replace(made, members=days.members), np.random.default_rng(world.SEED), []
    )
    begun, taken = clock.monotonic(), 0
    for day in days.days():
        if day.date > fed:
            even = day.date == until or day.date.toordinal() % 2 == 0
            taken += await _feed(play, days, day, refresh=mirror is not None and even)
            await asyncio.sleep(0)
    seconds = round(clock.monotonic() - begun, 1)
    log.info("the demonstration merchant is at yesterday", days=(until - fed).days, items=taken, seconds=seconds)
    return (until - fed).days


async def _feed(play: Play, days: Later, day: Day, *, refresh: bool) -> int:
    """One day; how many items were new."""
    spoken = await _last_word(play)
    morning = max(load.instant(day.date, load.MORNING), spoken)
    night = max(min(load.instant(day.date + timedelta(days=1), time(0)) - timedelta(seconds=1), clock.now()), spoken)
    with clock.at(morning):
        first = {order.member: order.at for order in reversed(day.orders) if order.member is not None}
        await load.enrol(play.database, play.merchant_id, day.joined, first)
        if refresh:
            await load.turn(play)
    answers = await _answers(play, days, day.date, morning)
    sent = sorted([*((order, 0) for order in day.orders), *answers], key=lambda one: one[0].at)
    items: list[ingestion.Item] = [load.order_in(play, order, spent) for order, spent in sent]
    items += [load.refund_in(refund) for refund in day.refunds]
    items += [load.event_in(play, deed) for deed in day.deeds]
    taken = 0
    with clock.at(night):
        for part in load.parts(items):
            taken += await _apply(play, part)
        if play.mirror is not None:
            await Relay(play.database, wiring.READERS).drain(play.merchant_id)
        if day.date.day == 1:
            await points_jobs.sweep_points(play.database, play.merchant_id)
    async with play.database.write(play.merchant_id) as tx:
        settings = (await tenancy.get_merchant(tx)).settings
        await tenancy.change_merchant(tx, settings=settings | {UNTIL: day.date.isoformat()})
    return taken


async def _apply(play: Play, items: Sequence[ingestion.Item]) -> int:
    """Repeats are welcome; a spending that no longer fits is refused as at any till, and left out."""
    answers = await intake.apply(play.database, play.merchant_id, items, at=clock.now())
    refused = [answer.body for answer in answers if answer.status >= 300]
    if refused:
        log.warning(
            "some of the day was refused", refused=len(refused), first=refused[0].decode(errors="replace")[:300]
        )
    return sum(answer.accepted for answer in answers)


async def _last_word(play: Play) -> datetime:
    """When this merchant last announced something: nothing is recorded before it."""
    async with play.database.read(play.merchant_id) as tx:
        at: datetime = await tx.value(
            "select at from outbox where merchant_id = %(merchant_id)s order by seq desc limit 1"
        )
    return at


async def _answers(play: Play, days: Later, day: date, now: datetime) -> list[tuple[Any, int]]:
    """The orders of this day that use a granted offer (it lasts three days): each right is decided once, by a chance of
    its own, whoever asks and on whichever of its days."""
    async with play.database.read(play.merchant_id) as tx:
        places = await _places(tx, days)
        usable = await offers.find_usable(tx, list(places), now)
    found = []
    for number, rights in sorted(usable.items()):
        right, member = rights[0], places[number]
        rng = days.rng(right.grant_id, 1)
        draw, back = rng.random(2)
        granted = (right.expires_at - timedelta(days=3)).astimezone(purchases.ZONE).date()
        if draw >= 0.07 + 0.3 * float(days.habits.thrift[member]) or granted + timedelta(days=int(back * 3)) != day:
            continue
        till = replace(days.till, rng=rng, last_bought=days.till.last_bought.copy())
        order = replace(till.order(member, days.year.place(day), thriftier=0.3), order_id=f"BACK-{right.grant_id}")
        if now < order.at < right.expires_at and order.amount_fen >= 3 * right.value_fen:
            found.append((order, right.points))
    return found


async def _places(tx: Tx, days: Later) -> dict[int, int]:
    """The place in the world's list of members, by member number."""
    found = await members.resolve(tx, [{"external": member.external} for member in days.members])
    return {number: place for place, number in enumerate(found) if number is not None}
