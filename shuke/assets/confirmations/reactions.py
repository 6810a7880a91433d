"""What waiting points do about announcements from below."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.assets.confirmations.actions import follow
from shuke.ground.members import MembersMerged, MembersUnmerged
from shuke.kit.db import Tx


async def follow_merges(tx: Tx, merged: Sequence[MembersMerged | MembersUnmerged]) -> None:
    """What waits belongs to who has its lot now; repeatable."""
    await follow(tx, [member for event in merged for member in (event.member_id, event.into_id)])
