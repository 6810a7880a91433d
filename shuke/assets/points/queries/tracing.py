"""Where lots went and which links of the chain were recorded when: for rooms that follow single credits or days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from shuke.kit.db import Tx

Place = tuple[int, int]  # a member and a lot of theirs


class LotMove(NamedTuple):
    """A merge moved a lot of one member into a lot of another; undone, it is the other way round."""

    member_id: int
    lot_id: int
    into_id: int
    into_lot: int


async def lots_left(tx: Tx, places: Iterable[Place]) -> dict[Place, int]:
    """What remains in these lots; unknown ones are missing. One statement."""
    wanted = sorted(set(places))
    rows = await tx.rows(
        "select l.member_id, l.lot_id, l.remaining from unnest(%(members)s::bigint[], %(lots)s::bigint[]) as w(member_id, lot_id) "
        "join lot l on l.merchant_id = %(merchant_id)s and l.member_id = w.member_id and l.lot_id = w.lot_id",
        members=[member for member, _ in wanted], lots=[lot for _, lot in wanted],
    )  # fmt: skip
    return {(row.member_id, row.lot_id): row.remaining for row in rows}


async def lots_moved(tx: Tx, member_ids: Iterable[int]) -> list[LotMove]:
    """Which lots merges of these members moved where. One statement."""
    rows = await tx.rows(
        "select e.member_id, (b.value ->> 'lot')::bigint as lot_id, (e.why ->> 'into')::bigint as into_id, "
        "(b.value ->> 'into')::bigint as into_lot from entry e "
        "cross join lateral jsonb_array_elements(e.breakdown) as b where e.merchant_id = %(merchant_id)s and e.type = 'merge' "
        "and e.member_id = any(%(members)s::bigint[]) and jsonb_typeof(e.breakdown) = 'array' and b.value ? 'lot'",
        members=sorted(set(member_ids)),
    )
    return [LotMove(*row) for row in rows]


# A link belongs to the date on which its entries were recorded, but never to an earlier one than a link before it has: what
# is committed over midnight, or after the day was closed, counts for the next. So every day is one stretch of the chain.
_STRETCHES = """
select m.day, max(m.seq) as seq, count(*)::bigint as links, sum(m.entries)::bigint as entries, sum(m.points)::bigint as points,
  (array_agg(m.hash order by m.seq desc))[1] as head
from (select l.*, greatest(max(l.recorded_on) over (order by l.seq), %(first)s::date) as day from (
    select k.seq, k.hash, count(*) as entries, coalesce(sum(e.points) filter (where e.wallet = 'points'), 0) as points,
      max((e.recorded_at at time zone %(zone)s - make_interval(mins => %(day_start)s::int))::date) as recorded_on
    from chain_link k join entry e on e.merchant_id = %(merchant_id)s and e.batch_id = k.batch_id
    where k.merchant_id = %(merchant_id)s and k.seq > %(after)s group by k.seq, k.hash) l) m
where m.day <= %(until)s::date group by m.day order by m.day
"""


async def stretches(tx: Tx, after: int, days: tuple[date, date], zone: str, day_start_minutes: int) -> Sequence[Any]:
    """The links after number `after` by business date, from the first of `days` to the last: day, last number, links, entries,
    what they add to the wallet of points, and the chain's hash at the end. One pass over the links."""
    first, until = days
    asked = {"after": after, "first": first, "until": until, "zone": zone, "day_start": day_start_minutes}
    return await tx.rows(_STRETCHES, **asked)
