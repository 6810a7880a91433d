"""What the mirror may copy of tiers: every rise and drop and how far it is to the next level, as dated changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import News
    from shuke.kit.db import Tx


async def _levels(_: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    """The main ladder's changes, and those of further ladders each under the ladder's number."""
    made = mirror.AttributeRows()
    for one in news:
        for n, change in enumerate(one.payload["changes"]):
            name = f"tier.level:{change['ladder_id']}" if change.get("ladder_id") else "tier.level"
            made.add(name, change["member_id"], mirror.instant(change["at"]), (one.seq, n), change["to_level"])
    return made.columns


async def _progress(_: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    made = mirror.AttributeRows()
    for one in news:
        at = mirror.instant(one.payload["at"])
        for n, (member_id, percent, missing) in enumerate(one.payload["members"]):
            made.add("tier.progress", member_id, at, (one.seq, 2 * n), percent)
            made.add("tier.missing", member_id, at, (one.seq, 2 * n + 1), missing)
    return made.columns


DECLARED = (
    mirror.Attribute("tier.level", "number", ("会员等级", "Tier"), none=0),
    mirror.Attribute("tier.progress", "number", ("升级进度（%）", "Progress to the next tier (%)"), none=0),
    mirror.Attribute("tier.missing", "number", ("距下一等级还差", "Missing to the next tier")),
    mirror.Source(("tiers_changed",), "attributes", _levels),
    mirror.Source(("tier_progress",), "attributes", _progress),
)
