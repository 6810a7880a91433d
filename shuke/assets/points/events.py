"""What the ledger announces."""

from shuke.kit.events import Event


class PointsPosted(Event, frozen=True, kw_only=True, tag="points_posted"):
    """Entries were booked; they carry the batch id of the announcement's outbox row."""

    member_ids: list[int]
