"""What entries add to the sums by wallet, business date and store: one range of announcements at a time."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from shuke.ground import orders

if TYPE_CHECKING:
    from shuke.kit.db import Tx

Place = tuple[str, date, int]  # a wallet, a business date, a store (0: none)
Sums = dict[Place, list[int]]  # issued, used and expired by place

# Entries belong to the announcement of their transaction, so that the rest since the head is a range of numbers.
_REST = """
select e.wallet, ((e.occurred_at at time zone %(zone)s) - make_interval(mins => %(day_start)s))::date as day,
  coalesce(e.order_id, 0) as order_id,
  coalesce(sum(e.points) filter (where e.type not in ('redeem', 'capture', 'restore', 'expire')), 0)::bigint as issued,
  coalesce(-sum(e.points) filter (where e.type in ('redeem', 'capture', 'restore')), 0)::bigint as used,
  coalesce(-sum(e.points) filter (where e.type = 'expire'), 0)::bigint as expired
from outbox o join entry e on e.merchant_id = o.merchant_id and e.batch_id = o.batch_id
where o.merchant_id = %(merchant_id)s and o.seq > %(after)s and o.seq <= %(upto)s and o.kind = 'points_posted'
group by 1, 2, 3
"""


async def moved(tx: Tx, after: int, upto: int, zone: str, day_start_minutes: int) -> Sums:
    """What the entries announced in (after, upto] add, by wallet, date and store, in two statements."""
    rows = await tx.rows(_REST, after=after, upto=upto, zone=zone, day_start=day_start_minutes)
    stores = await orders.stores_of(tx, {row.order_id for row in rows if row.order_id})
    found: Sums = {}
    for row in rows:
        sums = found.setdefault((row.wallet, row.day, stores.get(row.order_id) or 0), [0, 0, 0])
        for place, points in enumerate((row.issued, row.used, row.expired)):
            sums[place] += points
    return found
