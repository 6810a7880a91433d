"""What the mirror may copy of segments: who entered and who left, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror, tenancy
from shuke.kit.db import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import News
    from shuke.kit.db import Tx


# A midnight is a hundred thousand of them: column by column.
_FLIPPED = """
select f.member_id as member, n.seq, f.idx, f.at,
    (f.at at time zone %(zone)s - make_interval(mins => %(day_start)s::int))::date as day,
    extract(isodow from f.at at time zone %(zone)s) as weekday, extract(hour from f.at at time zone %(zone)s) as hour,
    n.slug as segment, f.reason
from unnest(%(refreshes)s::bigint[], %(seqs)s::bigint[], %(slugs)s::text[]) as n(refresh_id, seq, slug) cross join lateral (
    select b.member_id, b.entered, b.reason, b.at, row_number() over (order by b.member_id) - 1 as idx
    from segment_flip b where b.merchant_id = %(merchant_id)s and b.refresh_id = n.refresh_id offset 0
) f where f.entered = %(entered)s
"""
_KINDS: dict[str, Kind] = {
    "member": "whole", "seq": "whole", "idx": "whole", "at": "instant", "day": "day", "weekday": "whole", "hour": "whole",
    "segment": "text", "reason": "text",
}  # fmt: skip


async def _flips(tx: Tx, news: Sequence[News]) -> list[Mapping[str, Any]]:
    """Who entered and who left, each numbered within its refresh."""
    merchant = await tenancy.get_merchant(tx)
    asked = {
        "refreshes": [one.payload["refresh_id"] for one in news], "seqs": [one.seq for one in news],
        "slugs": [one.payload["slug"] for one in news], "zone": merchant.zone, "day_start": merchant.day_start_minutes,
    }  # fmt: skip
    made: list[Mapping[str, Any]] = []
    for kind, entered in (("segment_entered", True), ("segment_left", False)):
        columns: dict[str, Any] = dict(await tx.columns(_FLIPPED, _KINDS, **asked, entered=entered))
        texts = {name: columns.pop(name) for name in ("segment", "reason")}
        made.append(columns | {"kind": kind, "texts": texts, "numbers": {}, "store": "", "channel": ""})
    return made


_PROPERTIES: dict[str, tuple[mirror.ValueType, str, str]] = {
    "segment": ("text", "分群", "Segment"),
    "reason": ("text", "原因", "Reason"),
}

DECLARED = (
    mirror.behaviour("segment_entered", ("进入分群", "entered a segment"), _PROPERTIES, echo=True),
    mirror.behaviour("segment_left", ("离开分群", "left a segment"), _PROPERTIES, echo=True),
    mirror.Source(("segment_refreshed",), "events", _flips),
)
