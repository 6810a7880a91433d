"""What the ledger does by the clock: the sweep at the latest once a day, the audit every night."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from shuke.assets.points.actions import audit, sweep_merchant
from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database

SWEEP, AUDIT = "points_sweep", "points_audit"
NIGHT = 3 * 60
"""The audit runs at this minute of the merchant's day."""

_ENSURE = """
insert into due as d (merchant_id, kind, at) select m.merchant_id, %(kind)s, %(at)s from merchant m
where m.state = 'active' and not exists (select from due x where x.merchant_id = m.merchant_id and x.kind = %(kind)s)
on conflict do nothing
"""
_DUE = "select merchant_id from due where kind = %(kind)s and at <= %(at)s order by at limit 200"
_AGAIN = "update due d set at = %(next)s where d.merchant_id = %(merchant)s and d.kind = %(kind)s"
_NEXT = """
select least((select min(l.expires_at) from lot l where l.merchant_id = %(merchant_id)s and l.remaining > 0
    and l.expires_at is not null and l.expires_at > %(at)s),
  (select min(h.expires_at) from hold h where h.merchant_id = %(merchant_id)s and h.state = 'open' and h.expires_at > %(at)s))
"""


async def sweep_due(database: Database, at: datetime) -> int:
    """Sweep the merchants where something ran out by `at`, once a minute; how many were swept. Safe to run twice at once.

    A merchant comes round again when its next lot or hold ends, at the latest after a day; a lot that ends earlier than
    was foreseen is booked then, and could not be spent meanwhile.
    """

    async def turn(merchant_id: int) -> datetime:
        await sweep_merchant(database, merchant_id, at)
        async with database.read(merchant_id) as tx:
            ends: datetime | None = await tx.value(_NEXT, at=at)
        tomorrow = at + timedelta(days=1)
        return tomorrow if ends is None else max(min(ends, tomorrow), at + timedelta(minutes=1))

    return await _rounds(database, SWEEP, at, at, turn)


async def audit_due(database: Database, at: datetime) -> int:
    """Audit the merchants whose night has come, once a minute; how many were audited. A merchant is first audited the
    night after it was created, or at once when a member of staff asks."""

    async def turn(merchant_id: int) -> datetime:
        await audit(database, merchant_id, at)
        async with database.directory() as tx:
            merchant = await tenancy.get_merchant(tx, merchant_id)
        return _night_after(at, merchant.zone)

    return await _rounds(database, AUDIT, at, at + timedelta(hours=12), turn)


def _night_after(at: datetime, zone: str) -> datetime:
    tonight = clock.day_starts(clock.business_date(at, zone), zone, NIGHT)
    return tonight if tonight > at else clock.day_starts(clock.business_date(at + timedelta(days=1), zone), zone, NIGHT)


async def _rounds(
    database: Database, kind: str, at: datetime, first: datetime, turn: Callable[[int], Awaitable[datetime]]
) -> int:
    async with database.directory() as tx:
        await tx.run(_ENSURE, kind=kind, at=first)
        due: list[Any] = await tx.rows(_DUE, kind=kind, at=at)
    for row in due:
        again = await turn(row.merchant_id)
        async with database.directory() as tx:
            await tx.run(_AGAIN, merchant=row.merchant_id, kind=kind, next=again)
    return len(due)
