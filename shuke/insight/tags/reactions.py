"""What tags do when a room below announces something."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.ground.members import MembersMerged, MembersUnmerged
from shuke.insight.profiles import ProfilesScored
from shuke.insight.segments import SegmentRefreshed
from shuke.insight.tags import actions, policy
from shuke.kit import clock, jobs
from shuke.kit.db import Tx


async def follow_segments(tx: Tx, heard: Sequence[SegmentRefreshed]) -> None:
    """The tags that these segments decide come to who entered and go from who left; repeatable."""
    changed = [one.slug for one in heard if one.entered or one.left or one.backfill]
    if changed:
        await actions.sync_segments(tx, changed, clock.now())


async def follow_scores(tx: Tx, heard: Sequence[ProfilesScored]) -> None:
    """The tags that models decide follow soon, all together: a fitting says much, a thousand members at a time."""
    await jobs.wake(tx, policy.WORK, clock.now())


async def follow_merges(tx: Tx, merged: Sequence[MembersMerged]) -> None:
    """Who was merged leaves the tags to the heir; repeatable."""
    await actions.follow_merges(tx, [(one.merge_id, one.member_id, one.into_id) for one in merged], clock.now())


async def follow_unmerges(tx: Tx, parted: Sequence[MembersUnmerged]) -> None:
    """After a merge was undone, the tags that came with it go back; repeatable."""
    await actions.follow_unmerges(tx, [(one.merge_id, one.member_id) for one in parted], clock.now())
