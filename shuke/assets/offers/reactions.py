"""What offers do when a room below announces something."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shuke.ground import members
from shuke.kit.db import Tx


async def follow_merges(tx: Tx, heard: Sequence[members.MembersMerged]) -> None:
    """Offers of a merged member belong to the heir; repeatable. Merges of one batch are followed in their order."""
    for merge in heard:  # a person merges members one at a time; several in one batch are rare
        await tx.run(
            "update offer_grant set member_id = %(into_id)s where merchant_id = %(merchant_id)s "
            "and member_id = %(member_id)s",
            **msgspec.structs.asdict(merge),
        )
