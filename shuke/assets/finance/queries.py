"""What the merchant has issued, what was used, what ran out, what is outstanding: sums by day and store, and the rest."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from shuke.assets import points
from shuke.kit import clock

if TYPE_CHECKING:
    from shuke.kit.db import Tx


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Points moved on one business date: issued net of what refunds took back, used net of what came back."""

    date: date
    issued: int = 0
    used: int = 0
    expired: int = 0


class StoreFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One business date at one store (`store_id` 0: no store); `outstanding` is what that store's points left by its end."""

    date: date
    store_id: int
    issued: int
    used: int
    expired: int
    outstanding: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Totals since the beginning and the days asked for. outstanding = issued − used − expired, over all members."""

    as_of: datetime
    issued: int
    used: int
    expired: int
    outstanding: int
    days: tuple[DayFigures, ...]


_SUMMED = """
select d.wallet, d.day, d.store_id, d.issued, d.used, d.expired from points_day d
where d.merchant_id = %(merchant_id)s and d.wallet = %(wallet)s
"""
_HEAD = "select seq from points_day_head where merchant_id = %(merchant_id)s"
LAST = 2**62


async def summed(tx: Tx, zone: str, day_start_minutes: int = 0, wallet: str = points.POINTS) -> points.Sums:
    """All sums of a wallet: those kept by day and store, and the entries since; exact at any moment, four statements."""
    head = await tx.value(_HEAD) or 0
    found: points.Sums = {(row[0], row[1], row[2]): list(row[3:]) for row in await tx.rows(_SUMMED, wallet=wallet)}
    for place, more in (await points.moved(tx, head, LAST, zone, day_start_minutes)).items():
        if place[0] == wallet:
            found[place] = [a + b for a, b in zip(found.get(place, (0, 0, 0)), more, strict=True)]
    return found


async def figures(
    tx: Tx, at: datetime, days: int, zone: str, day_start_minutes: int = 0, wallet: str = points.POINTS
) -> Figures:
    """Totals and the last `days` business dates up to `at`: from the sums by day, never from all entries."""
    by_day: dict[date, Counter[str]] = {}
    total = Counter(issued=0, used=0, expired=0)
    for (_, day, _), (issued, used, expired) in (await summed(tx, zone, day_start_minutes, wallet)).items():
        more = {"issued": issued, "used": used, "expired": expired}
        by_day.setdefault(day, Counter()).update(more)
        total.update(more)
    today = clock.business_date(at, zone, day_start_minutes)
    shown = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    return Figures(
        as_of=at, issued=total["issued"], used=total["used"], expired=total["expired"],
        outstanding=total["issued"] - total["used"] - total["expired"],
        days=tuple(DayFigures(date=day, **by_day.get(day, Counter())) for day in shown),
    )  # fmt: skip


async def finance(
    tx: Tx, since: date, until: date, zone: str, day_start_minutes: int = 0, wallet: str = points.POINTS
) -> list[StoreFigures]:
    """Every business date from `since` to `until` (both included) at every store that moved points, oldest first.

    What a store's points left outstanding counts from the beginning. Expired, transferred and adjusted points belong to no
    store, so that the stores and 0 together are the merchant.
    """
    left: Counter[int] = Counter()
    lines = []
    sums = await summed(tx, zone, day_start_minutes, wallet)
    for (_, day, store_id), (issued, used, expired) in sorted(sums.items(), key=lambda one: one[0]):
        left[store_id] += issued - used - expired
        if since <= day <= until:
            lines.append(
                StoreFigures(
                    date=day, store_id=store_id, issued=issued, used=used, expired=expired, outstanding=left[store_id]
                )
            )
    return lines
