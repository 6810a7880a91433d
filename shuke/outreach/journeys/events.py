"""What journeys announce."""

from datetime import datetime

from shuke.kit.events import Event


class JourneyEntered(Event, frozen=True, kw_only=True, tag="journey_entered"):
    """Members entered a journey at that instant."""

    journey_id: int
    member_ids: list[int]
    at: datetime
