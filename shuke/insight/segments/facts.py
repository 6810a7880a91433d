"""What the mirror may copy of segments: who entered and who left, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror, tenancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import News
    from shuke.kit.db import Tx


async def _flips(tx: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    told = {one.payload["refresh_id"]: one for one in news}
    merchant = await tenancy.get_merchant(tx)
    made = mirror.EventRows(merchant.zone, merchant.day_start_minutes)
    rows = await tx.rows(
        "select refresh_id, member_id, entered, reason, at from segment_flip where merchant_id = %(merchant_id)s "
        "and refresh_id = any(%(ids)s::bigint[]) order by refresh_id, member_id",
        ids=list(told),
    )
    for n, row in enumerate(rows):
        one = told[row.refresh_id]
        name = "segment_entered" if row.entered else "segment_left"
        made.add(name, row.member_id, row.at, (one.seq, n), {"segment": one.payload["slug"], "reason": row.reason})
    return made.columns


_PROPERTIES: dict[str, tuple[mirror.ValueType, str, str]] = {
    "segment": ("text", "分群", "Segment"),
    "reason": ("text", "原因", "Reason"),
}

DECLARED = (
    mirror.behaviour("segment_entered", ("进入分群", "entered a segment"), _PROPERTIES, echo=True),
    mirror.behaviour("segment_left", ("离开分群", "left a segment"), _PROPERTIES, echo=True),
    mirror.Source(("segment_refreshed",), "events", _flips),
)
