"""Tables of messages."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Message(Model):
    """One message to one member through one channel. States: sent, failed, refused. `key` makes sending repeatable.

    A refused message is kept with its reason, so that the same key is refused again and the log shows why.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        Index("message_by_member", "merchant_id", "member_id", "created_at"),
        Index("message_by_time", "merchant_id", "created_at", "message_id"),
        Index("message_by_journey", "merchant_id", "journey_id", "created_at"),
        Index("message_by_batch", "merchant_id", "batch_id"),
    )
    merchant_id: Mapped[int] = part_of_key()
    message_id: Mapped[int] = part_of_key()
    key: Mapped[str]
    member_id: Mapped[int]
    channel: Mapped[str]
    provider: Mapped[str]
    title: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str]
    link: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str]
    reason: Mapped[str | None]
    journey_id: Mapped[int | None]
    batch_id: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[object] = instant()
    sent_at: Mapped[object | None] = instant(nullable=True)
