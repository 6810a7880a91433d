"""What intake announces of behaviour."""

from datetime import date, datetime

import msgspec

from shuke.kit.events import Event


class Behaviour(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing a member did; `day` is its business date."""

    event: str
    member_id: int
    occurred_at: datetime
    day: date
    event_id: str
    source: str = "api"
    properties: dict[str, str | int | float | bool | None] = {}
    store: str = ""
    channel: str = ""


class EventsRecorded(Event, frozen=True, kw_only=True, tag="events_recorded"):
    """Members did things; this is the only place they are kept besides the mirror."""

    events: list[Behaviour]
    history: bool = False
