"""What earning does about announcements from below."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.ground.members import MembersMerged, MembersUnmerged
from shuke.kit.db import Tx
from shuke.programs.earning.actions import merging


async def on_members_merged(tx: Tx, merged: Sequence[MembersMerged]) -> None:
    """What counts towards the caps of both counts for who stays; repeatable."""
    await merging.unite(tx, [(one.merge_id, one.member_id, one.into_id) for one in merged])


async def on_members_unmerged(tx: Tx, parted: Sequence[MembersUnmerged]) -> None:
    """Each has their own counts again; repeatable."""
    await merging.part(tx, [(one.merge_id, one.member_id, one.into_id) for one in parted])
