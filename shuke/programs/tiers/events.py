"""What the ladder announces."""

from datetime import datetime

import msgspec

from shuke.kit.events import Event


class Change(msgspec.Struct, frozen=True):
    """One member's rise or drop on a ladder; 0 is the main one."""

    member_id: int
    from_level: int
    to_level: int
    at: datetime
    ladder_id: int = 0


class TiersChanged(Event, frozen=True, kw_only=True, tag="tiers_changed"):
    """Members rose or dropped."""

    changes: list[Change]


class TierProgress(Event, frozen=True, kw_only=True, tag="tier_progress"):
    """How far members are on the main ladder at `at`: member, percent towards the next level, what is missing to it."""

    at: datetime
    members: list[tuple[int, int, int]]
