"""What the room of tags announces."""

from datetime import datetime

from shuke.kit.events import Event


class TagsChanged(Event, frozen=True, kw_only=True, tag="tags_changed"):
    """One act changed who wears which tags; who exactly is read under the act's id."""

    act_id: int
    at: datetime
