"""What the mirror may copy of tiers: every rise and drop, as a dated change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import News
    from shuke.kit.db import Tx


async def _levels(_: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    made = mirror.AttributeRows()
    for one in news:
        for n, change in enumerate(one.payload["changes"]):
            made.add("tier.level", change["member_id"], mirror.instant(change["at"]), (one.seq, n), change["to_level"])
    return made.columns


DECLARED = (
    mirror.Attribute("tier.level", "number", ("会员等级", "Tier"), none=0),
    mirror.Source(("tiers_changed",), "attributes", _levels),
)
