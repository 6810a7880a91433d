"""Verbs: planning who hears of points that run out, and telling them; in batches, each repeatable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from shuke.assets import points
from shuke.ground import members, messaging, tenancy
from shuke.kit import clock, jobs
from shuke.kit.db import Tx
from shuke.outreach.notices import models, policy

WORK = "expiry_notices"
BATCH = 500
NOBODY = {"zh": "会员", "en": "Dear member"}
_DUE = """
select n.member_id, n.ends_on, n.days_before from expiry_notice n
where n.merchant_id = %(merchant_id)s and n.state = 'planned' and n.send_on <= %(today)s
order by n.send_on, n.member_id, n.ends_on, n.days_before limit %(limit)s for update skip locked
"""
_DONE = """
update expiry_notice n set state = r.state, reason = r.reason, points = r.points, message_id = r.message_id, done_at = %(at)s
from json_to_recordset(%(rows)s::json) as r(member_id bigint, ends_on date, days_before bigint, state text, reason text,
    points bigint, message_id bigint)
where n.merchant_id = %(merchant_id)s and n.member_id = r.member_id and n.ends_on = r.ends_on
  and n.days_before = r.days_before
"""


async def plan_batch(tx: Tx, before: int, ends_on: date, send_on: date, after: int, limit: int = BATCH) -> int | None:
    """Note the next members (numbers above `after`) whose points run out on `ends_on`; answers where to go on, None at the end.

    Two statements for any number. Repeatable: one notice per member, day and distance, for ever.
    """
    merchant = await tenancy.get_merchant(tx)
    since, until = _day(merchant, ends_on)
    found = await points.running_out(tx, since, until, after=after, limit=limit)
    now = clock.now()
    rows = [
        {
            "member_id": member_id, "ends_on": ends_on, "days_before": before, "send_on": send_on, "points": amount,
            "planned_at": now,
        }
        for member_id, amount in found
    ]  # fmt: skip
    await tx.insert(models.ExpiryNotice, rows, conflict="ignore")
    return found[-1][0] if len(found) == limit else None


async def send_batch(tx: Tx, at: datetime, limit: int = BATCH) -> int:
    """Send up to `limit` notices that are due, each telling what is left now; how many were dealt with.

    Who spent the points meanwhile hears nothing: the notice is withdrawn. A fixed number of statements; repeatable, since a
    message has a key of its own and the rows are locked.
    """
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    due = await tx.rows(_DUE, today=today, limit=limit)
    if not due:
        return 0
    left = await _left(tx, merchant, due)
    plan = policy.plan_of(merchant.settings)
    telling = [row for row in due if left.get((row.ends_on, row.member_id)) and row.ends_on >= today]
    verdicts = await _tell(tx, plan, merchant.locale, telling, left, at)
    rows = [
        {
            "member_id": row.member_id, "ends_on": row.ends_on, "days_before": row.days_before,
            "points": left.get((row.ends_on, row.member_id), 0), **verdicts.get(tuple(row), {"state": "withdrawn"}),
        }
        for row in due
    ]  # fmt: skip
    await tx.run(_DONE, rows=msgspec.json.encode(rows).decode(), at=at)
    return len(due)


async def _left(tx: Tx, merchant: tenancy.MerchantSettings, due: Sequence[Any]) -> dict[tuple[date, int], int]:
    """What is left now of the points that run out on each of these days; one statement for each day, of which there are few."""
    waiting: dict[date, set[int]] = defaultdict(set)
    for row in due:
        waiting[row.ends_on].add(row.member_id)
    found: dict[tuple[date, int], int] = {}
    for day, numbers in waiting.items():
        since, until = _day(merchant, day)
        asked = sorted(numbers)
        for member_id, amount in await points.running_out(tx, since, until, members=asked, limit=len(asked)):
            found[day, member_id] = amount
    return found


async def _tell(
    tx: Tx, plan: policy.Plan, locale: str, rows: Sequence[Any], left: dict[tuple[date, int], int], at: datetime
) -> dict[tuple, dict[str, Any]]:
    names = await members.names(tx, {row.member_id for row in rows})
    content = messaging.Content(body=plan.body, title=plan.title)
    drafts = []
    for row in rows:
        known = names[row.member_id].name if row.member_id in names else ""
        values = {
            "name": known or NOBODY["zh" if locale == "zh" else "en"], "points": f"{left[row.ends_on, row.member_id]:,}",
            "expires": policy.told(row.ends_on, locale),
        }  # fmt: skip
        key = f"expiry:{row.member_id}:{row.ends_on}:{row.days_before}"
        drafts.append(
            messaging.Draft(key=key, member_id=row.member_id, content=content, values=values, channel=plan.channel)
        )
    verdicts = await messaging.send(tx, drafts, at)
    return {
        tuple(row): {
            "state": "sent" if verdict.state == "sent" else "refused", "reason": verdict.reason,
            "message_id": verdict.message_id,
        }
        for row, verdict in zip(rows, verdicts, strict=True)
    }  # fmt: skip


def _day(merchant: tenancy.MerchantSettings, day: date) -> tuple[datetime, datetime]:
    """Points whose last day is `day` run out after its beginning, at the latest when the next one begins."""
    start, end = (
        clock.day_starts(one, merchant.zone, merchant.day_start_minutes) for one in (day, day + timedelta(days=1))
    )
    return start, end


def next_time(plan: policy.Plan, merchant: tenancy.MerchantSettings, at: datetime) -> datetime:
    """When notices go out next after `at`: at the plan's hour, in the merchant's zone."""
    local = at.astimezone(clock.zone(merchant.zone))
    today = local.replace(hour=plan.hour, minute=0, second=0, microsecond=0)
    return today if today > at else today + timedelta(days=1)


async def set_plan(tx: Tx, plan: policy.Plan, at: datetime) -> policy.Plan:
    """Announce like this from now on. Refuses unfit days and hours, and words the channel cannot show."""
    plan = policy.checked(plan)
    messaging.check(plan.channel, messaging.Content(body=plan.body, title=plan.title))
    merchant = await tenancy.get_merchant(tx)
    await tenancy.change_merchant(tx, settings=merchant.settings | {"notices": msgspec.to_builtins(plan)})
    await jobs.wake(tx, WORK, next_time(plan, merchant, at))
    return plan


async def forget_planned(tx: Tx) -> None:
    """Take back what is planned and did not go out yet; the next round plans anew."""
    await tx.run("delete from expiry_notice where merchant_id = %(merchant_id)s and state = 'planned'")
