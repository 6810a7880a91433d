"""What the ladder announces."""

from datetime import datetime

import msgspec

from shuke.kit.events import Event


class Change(msgspec.Struct, frozen=True):
    """One member's rise or drop."""

    member_id: int
    from_level: int
    to_level: int
    at: datetime


class TiersChanged(Event, frozen=True, kw_only=True, tag="tiers_changed"):
    """Members rose or dropped."""

    changes: list[Change]
