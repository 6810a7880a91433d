"""Making the digests of the days that are over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from shuke.assets import points
from shuke.assets.digests import models, policy
from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Tx

_LAST = """
select day, seq, head, digest from daily_digest where merchant_id = %(merchant_id)s order by day desc limit 1
"""
ANCIENT = date(1900, 1, 1)
NOTHING = b""


async def make_digests(tx: Tx, at: datetime) -> int:
    """Make the digest of every business date that is over and has none, from the first entry on; returns how many.

    Repeatable: a digest is made once and never changed. A day without movements has one too, so that none can be left out.
    One pass over the links since the last digest, in two statements.
    """
    merchant = await tenancy.get_merchant(tx)
    zone, day_start = merchant.zone, merchant.day_start_minutes
    until = clock.business_date(at, zone, day_start) - timedelta(days=1)
    last = await tx.one(_LAST)
    if last is not None and last.day >= until:
        return 0
    after, first = (0, ANCIENT) if last is None else (last.seq, last.day + timedelta(days=1))
    rows = await points.stretches(tx, after, (first, until), zone, day_start)
    if last is None and not rows:
        return 0
    stretches = {row.day: row for row in rows}
    head, previous = (NOTHING, NOTHING) if last is None else (last.head, last.digest)
    day, made = (rows[0].day if last is None else first), []
    while day <= until:
        found = stretches.get(day)
        links, entries, count = (0, 0, 0) if found is None else (found.links, found.entries, found.points)
        seq, head = (after, head) if found is None else (found.seq, found.head)
        fresh = policy.Day(day, after, seq, links, entries, count, head, previous)
        previous = policy.digest_of(fresh)
        made.append(_row(fresh, previous, at))
        after, day = seq, day + timedelta(days=1)
    await tx.insert(models.DailyDigest, made, conflict="ignore")
    return len(made)


def _row(day: policy.Day, digest: bytes, at: datetime) -> dict[str, Any]:
    return day._asdict() | {"digest": digest, "made_at": at}
