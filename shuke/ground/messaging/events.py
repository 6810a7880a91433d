"""What messaging announces."""

from shuke.kit.events import Event


class MessagesSent(Event, frozen=True, kw_only=True, tag="messages_sent"):
    """Messages went out; they carry the batch id of the announcement's outbox row."""

    member_ids: list[int]
