"""What offers do when a room below announces something."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shuke.ground import members
from shuke.kit.db import Tx

ROOM = "offers"


async def follow_merges(tx: Tx, heard: Sequence[members.MembersMerged]) -> None:
    """Offers of a merged member belong to the heir; repeatable. Merges of one batch are followed in their order."""
    for merge in heard:  # a person merges members one at a time; several in one batch are rare
        rows = await tx.rows(
            "update offer_grant set member_id = %(into_id)s where merchant_id = %(merchant_id)s "
            "and member_id = %(member_id)s returning grant_id",
            **msgspec.structs.asdict(merge),
        )
        if rows:
            await members.keep_moved(tx, ROOM, [(merge.merge_id, [row.grant_id for row in rows])])


async def follow_unmerges(tx: Tx, heard: Sequence[members.MembersUnmerged]) -> None:
    """Offers that came with a merge go back, used or not: what they gave is in the ledger; repeatable."""
    moved = await members.moved_by(tx, ROOM, [one.merge_id for one in heard])
    for one in heard:
        await tx.run(
            "update offer_grant set member_id = %(member_id)s where merchant_id = %(merchant_id)s "
            "and member_id = %(into_id)s and grant_id = any(%(grants)s::bigint[])",
            member_id=one.member_id, into_id=one.into_id, grants=moved.get(one.merge_id, []),
        )  # fmt: skip
