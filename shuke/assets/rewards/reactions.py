"""What rewards do about announcements from below."""

from collections.abc import Sequence

from shuke.assets.rewards.actions import merge_prizes
from shuke.ground.members import MembersMerged
from shuke.kit.db import Tx


async def follow_merges(tx: Tx, merged: Sequence[MembersMerged]) -> None:
    """Prizes of merged members belong to their heirs; repeatable."""
    await merge_prizes(tx, [(event.member_id, event.into_id) for event in merged])
