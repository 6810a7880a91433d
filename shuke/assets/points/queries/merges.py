"""What merges of members moved, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from shuke.kit.db import Tx


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
