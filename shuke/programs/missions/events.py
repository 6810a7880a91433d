"""What missions announce."""

from datetime import date

import msgspec

from shuke.kit.events import Event


class Checked(msgspec.Struct, frozen=True):
    """One member's check-in; `streak` counts the days in a row up to it, `length` all of the run, which ends on `last`."""

    member_id: int
    day: date
    streak: int
    how: str
    last: date | None = None
    length: int = 0


class CheckedIn(Event, frozen=True, kw_only=True, tag="checked_in"):
    """Members checked in, or made a missed day up."""

    checked: list[Checked]


class StreaksRecounted(Event, frozen=True, kw_only=True, tag="streaks_recounted"):
    """Members' days were joined by a merge, or parted when it was undone: how many in a row each has now."""

    checked: list[Checked]


class MissionDone(Event, frozen=True, kw_only=True, tag="mission_done"):
    """Members did a mission and were rewarded."""

    mission_id: int
    member_ids: list[int]
