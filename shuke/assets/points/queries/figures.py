"""What the merchant has issued, what was used, what ran out, what is outstanding."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.kit import clock

if TYPE_CHECKING:
    from shuke.kit.db import Tx


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Points moved on one business date: issued net of what refunds took back, used net of what came back."""

    date: date
    issued: int = 0
    used: int = 0
    expired: int = 0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Totals since the beginning and the days asked for. outstanding = issued − used − expired, over all members."""

    as_of: datetime
    issued: int
    used: int
    expired: int
    outstanding: int
    days: tuple[DayFigures, ...]


# One statement gives both: every business date, of which the caller shows the last ones and sums up all.
_DAYS = """
select ((e.occurred_at at time zone %(zone)s) - make_interval(mins => %(day_start)s))::date as day,
  coalesce(sum(e.points) filter (where e.type not in ('redeem', 'capture', 'restore', 'expire')), 0)::bigint as issued,
  coalesce(-sum(e.points) filter (where e.type in ('redeem', 'capture', 'restore')), 0)::bigint as used,
  coalesce(-sum(e.points) filter (where e.type = 'expire'), 0)::bigint as expired
from entry e where e.merchant_id = %(merchant_id)s and e.wallet = 'points' group by 1
"""


async def figures(tx: Tx, at: datetime, days: int, zone: str, day_start_minutes: int = 0) -> Figures:
    """Totals and the last `days` business dates up to `at`, in one statement over the merchant's entries."""
    by_day = {row.day: row for row in await tx.rows(_DAYS, zone=zone, day_start=day_start_minutes)}
    today = clock.business_date(at, zone, day_start_minutes)
    shown = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    total = {name: sum(getattr(row, name) for row in by_day.values()) for name in ("issued", "used", "expired")}
    return Figures(
        as_of=at, **total, outstanding=total["issued"] - total["used"] - total["expired"],
        days=tuple(_day(day, by_day.get(day)) for day in shown),
    )  # fmt: skip


def _day(day: date, row: Any | None) -> DayFigures:
    if row is None:
        return DayFigures(date=day)
    return DayFigures(date=day, issued=row.issued, used=row.used, expired=row.expired)
