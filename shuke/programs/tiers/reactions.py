"""What the ladder does about announcements from below."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.ground.members import MembersMerged
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs.tiers.actions import merge_standings


async def on_members_merged(tx: Tx, merged: Sequence[MembersMerged]) -> None:
    """Who was merged leaves payments and the higher level to the heir; repeatable, what has moved is gone."""
    await merge_standings(tx, [(event.member_id, event.into_id) for event in merged], clock.now())
