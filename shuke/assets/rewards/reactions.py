"""What rewards do about announcements from below."""

from collections.abc import Sequence

from shuke.assets.rewards.actions import merge_prizes, part_prizes
from shuke.ground.members import MembersMerged, MembersUnmerged
from shuke.kit.db import Tx


async def follow_merges(tx: Tx, merged: Sequence[MembersMerged]) -> None:
    """Prizes of merged members belong to their heirs; repeatable."""
    await merge_prizes(tx, [(one.merge_id, one.member_id, one.into_id) for one in merged])


async def follow_unmerges(tx: Tx, parted: Sequence[MembersUnmerged]) -> None:
    """After a merge was undone, prizes belong to whom they came from; repeatable."""
    await part_prizes(tx, [(one.merge_id, one.member_id, one.into_id) for one in parted])
