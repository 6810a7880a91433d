"""What the room of profiles announces."""

from datetime import datetime
from typing import Any

from shuke.kit.events import Event


class ProfilesScored(Event, frozen=True, kw_only=True, tag="profiles_scored"):
    """A model said something new of these members: by name of the score, one value per member; none takes it back."""

    model: str
    at: datetime
    member_ids: list[int]
    scores: dict[str, list[Any]]
