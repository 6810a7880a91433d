"""What missions do when a room below announces something."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.ground import ingestion, members
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs.missions.actions import check_in, merging, progress


async def check_in_by_event(tx: Tx, heard: Sequence[ingestion.EventsRecorded]) -> None:
    """A `check_in` event that came by the API is a check-in of its day; repeatable. History gives nothing."""
    asked = [
        check_in.CheckIn(member_id=one.member_id, occurred_at=one.occurred_at)
        for recorded in heard
        if not recorded.history
        for one in recorded.events
        if one.event == "check_in" and one.source != check_in.SOURCE
    ]
    if asked:
        await check_in.check_in(tx, asked, clock.now(), tell=False)


async def count_behaviour(tx: Tx, heard: Sequence[ingestion.EventsRecorded]) -> None:
    """What members did counts for the live missions; repeatable. History counts for nothing."""
    done = [one for recorded in heard if not recorded.history for one in recorded.events]
    if done:
        await progress.count(tx, done, clock.now())


async def count_profiles(tx: Tx, heard: Sequence[members.MemberChanged]) -> None:
    """A profile that was filled in counts for the live missions that ask for it; repeatable. New members come as they are."""
    changed = {one.member_id for one in heard if not one.new}
    if changed:
        await progress.look_at_profiles(tx, changed, clock.now())


async def follow_merges(tx: Tx, heard: Sequence[members.MembersMerged]) -> None:
    """The checked days and missions of a merged member belong to the heir; repeatable. Merges are followed in their order."""
    await merging.unite(tx, [(one.merge_id, one.member_id, one.into_id) for one in heard], clock.now())


async def follow_unmerges(tx: Tx, heard: Sequence[members.MembersUnmerged]) -> None:
    """After a merge was undone, days and missions belong to whom they came from; repeatable."""
    await merging.part(tx, [(one.merge_id, one.member_id, one.into_id) for one in heard], clock.now())
