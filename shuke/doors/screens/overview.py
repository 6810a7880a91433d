"""The first page: what the shop looks like now, in one question per room."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from litestar import get

from shuke.assets import audit, finance
from shuke.ground import members, tenancy
from shuke.ground import mirror as columnar
from shuke.ground.mirror import Mirror
from shuke.insight import lifecycle, segments
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.kit.http import Caller, requires
from shuke.outreach import journeys

DAYS = 30
_STANDING = """
  SELECT day, member, order_id, sum(sign * amount_fen) AS amount FROM orders
  WHERE merchant = {merchant} AND day > toDate('{since}') GROUP BY day, member, order_id HAVING sum(sign) > 0
"""
_PER_DAY = f"SELECT day, toInt64(count()), toInt64(sum(amount)) FROM ({_STANDING}) GROUP BY day"
_ACTIVE = (
    "SELECT uniqExactIf(member, member > 0 AND day > toDate('{middle}')), "
    "uniqExactIf(member, member > 0 AND day <= toDate('{middle}')) "
    f"FROM ({_STANDING})"
)


@get("/overview", guards=[requires("members.read")])
async def overview(database: Database, caller: Caller, mirror: Any) -> dict[str, Any]:
    """Members, orders, points, segments, journeys and the last audit. `mirror_as_of`: how fresh the order figures are."""
    now = clock.now()
    async with database.read(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        today = clock.business_date(now, merchant.zone, merchant.day_start_minutes)
        total = await members.count_members(tx)
        new = await members.count_members(tx, now - timedelta(days=DAYS))
        figures = await finance.figures(tx, now, DAYS, merchant.zone, merchant.day_start_minutes)
        listed = await segments.list_segments(tx)
        travelling = await journeys.journeys(tx)
        audited = await audit.last_audit(tx)
        fresh = await columnar.freshness(tx, caller.merchant_id)
    bought = await _bought(mirror, caller.merchant_id, today)
    return {
        "as_of": now,
        "mirror_as_of": fresh.applied_at,
        "members": {"total": total, "new_30d": new, **bought.pop("active")},
        "lifecycle": lifecycle.sizes(listed, total),
        "segments": [
            {"slug": one.slug, "name": one.name, "count": one.count, "refreshed_at": one.refreshed_at} for one in listed
        ],
        "orders": bought,
        "points": {
            "issued": figures.issued, "used": figures.used, "expired": figures.expired, "outstanding": figures.outstanding,
            "issued_30d": sum(day.issued for day in figures.days), "used_30d": sum(day.used for day in figures.days),
            "days": figures.days,
        },
        "journeys": [
            {"journey_id": one.journey_id, "name": one.name, "entered": one.numbers.entered,
             "messaged": one.numbers.messaged, "granted": one.numbers.granted, "returned_7d": one.numbers.returned_7d,
             "returned_share": one.numbers.returned_share}
            for one in travelling if one.state != "draft"
        ],
        "audit": {
            "checked_at": audited["checked_at"] if audited else None,
            "differences": audited["differences"] if audited else None,
        },
    }  # fmt: skip


async def _bought(mirror: Mirror | None, merchant_id: int, today: date) -> dict[str, Any]:
    """Orders and active members of the last 30 business dates and the 30 before, from the mirror."""
    since = today - timedelta(days=2 * DAYS)
    days: dict[date, tuple[int, int]] = defaultdict(lambda: (0, 0))
    active = {True: 0, False: 0}
    if mirror is not None:
        rows = await columnar.rows(mirror, _PER_DAY.format(merchant=merchant_id, since=since))
        days.update({row[0]: (int(row[1]), int(row[2])) for row in rows})
        middle = today - timedelta(days=DAYS)
        [(recent, before)] = await columnar.rows(
            mirror, _ACTIVE.format(merchant=merchant_id, since=since, middle=middle)
        )
        active = {True: int(recent), False: int(before)}
    shown = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    earlier = [day - timedelta(days=DAYS) for day in shown]
    return {
        "active": {"active_30d": active[True], "active_prev_30d": active[False]},
        "count_30d": sum(days[day][0] for day in shown), "amount_fen_30d": sum(days[day][1] for day in shown),
        "count_prev_30d": sum(days[day][0] for day in earlier),
        "amount_fen_prev_30d": sum(days[day][1] for day in earlier),
        "days": [{"date": day, "count": days[day][0], "amount_fen": days[day][1]} for day in shown],
    }  # fmt: skip


routes = [overview]
