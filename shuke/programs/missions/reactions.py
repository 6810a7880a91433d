"""What missions do when a room below announces something."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.ground import ingestion, members
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs.missions.actions import check_in


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


async def follow_merges(tx: Tx, heard: Sequence[members.MembersMerged]) -> None:
    """The checked days of a merged member belong to the heir; repeatable. Merges are followed in their order."""
    for merge in heard:  # a person merges members one at a time; several in one batch are rare
        await check_in.merge_check_ins(tx, merge.member_id, merge.into_id)
