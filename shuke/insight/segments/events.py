"""What the room of segments announces."""

from datetime import datetime

from shuke.kit.events import Event


class SegmentRefreshed(Event, frozen=True, kw_only=True, tag="segment_refreshed"):
    """Members entered or left a segment; who they are is read by `entered` under the refresh's id.

    `backfill`: the rule is new or was edited, so that nobody newly did anything.
    """

    slug: str
    refresh_id: int
    entered: int
    left: int
    at: datetime
    backfill: bool = False
