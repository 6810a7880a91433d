"""What the ledger does about announcements from below."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.assets.points.actions import merge_members, unmerge_members
from shuke.ground.members import MembersMerged, MembersUnmerged
from shuke.kit import clock
from shuke.kit.db import Tx


async def on_members_merged(tx: Tx, merged: Sequence[MembersMerged]) -> None:
    """The lots, holds and debt of who was merged belong to the heir; repeatable, what has moved is gone."""
    await merge_members(tx, [(event.member_id, event.into_id) for event in merged], clock.now())


async def on_members_unmerged(tx: Tx, parted: Sequence[MembersUnmerged]) -> None:
    """What the merge moved goes back as far as it is left; repeatable, a merge is undone once."""
    await unmerge_members(tx, [(event.member_id, event.into_id) for event in parted], clock.now())
