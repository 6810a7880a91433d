"""What ladders do by the clock: the review at ends of periods and the gifts of the day; and counting again, when woken."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.programs.tiers.actions import counting, gifts, shaping
from shuke.programs.tiers.actions.standing import review_merchant

REVIEW = "tiers_review"
COUNT = shaping.COUNT


async def review_tiers(database: Database, merchant_id: int) -> datetime:
    """The day's work of one merchant: levels whose period has ended, birthday and upgrade gifts, and on the first of a
    month who lost some of what counted. Answers the start of its next business day, when birthdays begin; the ends of
    periods are local midnights, which are not after it.

    Safe to run twice at once.
    """
    at = clock.now()
    await review_merchant(database, merchant_id, at)
    async with database.write(merchant_id) as tx:
        await shaping.again(tx, await counting.month_turned(tx, at), at)
    async with database.write(merchant_id) as tx:
        await gifts.pay_birthdays(tx, at)
    await _upgrades(database, merchant_id, at)
    async with database.directory() as tx:
        merchant = await tenancy.get_merchant(tx, merchant_id)
    tomorrow = clock.business_date(at, merchant.zone, merchant.day_start_minutes) + timedelta(days=1)
    midnight = clock.day_starts(clock.business_date(at, merchant.zone) + timedelta(days=1), merchant.zone)
    return min(midnight, clock.day_starts(tomorrow, merchant.zone, merchant.day_start_minutes))


async def count_tiers(database: Database, merchant_id: int) -> None:
    """Count everybody again who waits for it, and give what rises have earned at once."""
    at = clock.now()
    await counting.count_merchant(database, merchant_id, at)
    await _upgrades(database, merchant_id, at)


async def _upgrades(database: Database, merchant_id: int, at: datetime) -> None:
    while True:
        async with database.write(merchant_id) as tx:
            if await gifts.pay_upgrades(tx, at) < gifts.BATCH:
                return
