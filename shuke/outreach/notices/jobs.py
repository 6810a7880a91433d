"""What notices do by the clock: once a day at the merchant's hour, plan what is due today and tomorrow, and send today's."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.outreach.notices import actions, policy

WORK = actions.WORK


async def announce(database: Database, merchant_id: int) -> datetime:
    """Tell everybody whose points run out at the plan's distances, once; answers when the next day's are due.

    Each batch is a transaction of its own: after a crash the next run goes on where this one stopped. Tomorrow's are
    planned already, so that the console shows them; what is spent until then is withdrawn.
    """
    at = clock.now()
    async with database.read(merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
    plan = policy.plan_of(merchant.settings)
    if plan.on and at.astimezone(clock.zone(merchant.zone)).hour >= plan.hour:
        today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
        for before, ends_on in policy.last_days(plan.days, today):
            await _plan(database, merchant_id, before, ends_on, today)
        while await database.attempt(merchant_id, actions.send_batch, at):
            pass
        for before in plan.days:
            tomorrow = today + timedelta(days=1)
            await _plan(database, merchant_id, before, tomorrow + timedelta(days=before), tomorrow)
    return actions.next_time(plan, merchant, at)


async def _plan(database: Database, merchant_id: int, before: int, ends_on: date, send_on: date) -> None:
    after: int | None = 0
    while after is not None:
        after = await database.attempt(merchant_id, actions.plan_batch, before, ends_on, send_on, after)
