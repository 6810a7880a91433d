"""What movements add up to: by wallet, business date and store for a range of announcements, and by merge of members."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

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


class MergeFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Points that a merge moved; `left` would come back if it were undone now, `returned` did come back."""

    occurred_at: datetime
    moved: int
    left: int
    returned: int | None


_MERGED = """
select e.member_id, (e.why ->> 'into')::bigint as into_id, e.occurred_at, (u.why ->> 'back')::bigint as returned,
  coalesce(sum((b.value ->> 'points')::bigint), 0)::bigint as moved, coalesce(sum(l.remaining), 0)::bigint as left
from entry e left join lateral jsonb_array_elements(e.breakdown) as b on b.value ? 'lot'
left join lot l on l.merchant_id = %(merchant_id)s and l.member_id = (e.why ->> 'into')::bigint
  and l.lot_id = (b.value ->> 'into')::bigint
left join entry u on u.merchant_id = %(merchant_id)s and u.key = 'unmerge:' || e.entry_id || ':out'
where e.merchant_id = %(merchant_id)s and e.member_id = any(%(members)s::bigint[]) and e.wallet = %(wallet)s
  and e.type = 'merge' and jsonb_typeof(e.breakdown) = 'array'
group by e.entry_id, e.member_id, e.why, e.occurred_at, u.why order by e.entry_id
"""


async def moved_by_merges(
    tx: Tx, member_ids: Iterable[int], wallet: str = "points"
) -> dict[tuple[int, int], list[MergeFigures]]:
    """What the merges of these members moved, by (member, survivor), the earliest first; one statement."""
    found: dict[tuple[int, int], list[MergeFigures]] = {}
    for row in await tx.rows(_MERGED, members=sorted(set(member_ids)), wallet=wallet):
        shown = MergeFigures(occurred_at=row.occurred_at, moved=row.moved, left=row.left, returned=row.returned)
        found.setdefault((row.member_id, row.into_id), []).append(shown)
    return found
