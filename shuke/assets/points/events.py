"""What the ledger announces."""

from datetime import datetime

from shuke.kit.events import Event


class PointsHeld(Event, frozen=True, kw_only=True, tag="points_held"):
    """Points were set aside, or came free again: member, lot, the change of what is free in it, and since when."""

    parts: list[tuple[int, int, int, datetime]]


class PointsPosted(Event, frozen=True, kw_only=True, tag="points_posted"):
    """Entries were booked; they carry the batch id of the announcement's outbox row."""

    member_ids: list[int]
