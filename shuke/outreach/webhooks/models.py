"""Tables of webhooks: whom to tell of what, and every telling."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Webhook(Model):
    """An address that is told. States: active, paused (nothing new is told). No `segments` means all of them."""

    __tablename__ = "webhook"
    merchant_id: Mapped[int] = part_of_key()
    webhook_id: Mapped[int] = part_of_key()
    name: Mapped[str]
    url: Mapped[str]
    secret: Mapped[str]
    events: Mapped[list]
    segments: Mapped[list] = mapped_column(server_default="[]")
    state: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[object] = instant()
    created_by: Mapped[str] = mapped_column(server_default="")


class WebhookDelivery(Model):
    """One telling: the members after `after_id` whom a refresh let in or out. States: waiting, done, failed (given up).

    `status` and `answer` are what the other side said last; without a status `answer` is the reason why there was none.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("merchant_id", "webhook_id", "refresh_id", "event", "after_id", name="webhook_delivery_once"),
        Index("webhook_delivery_due", "merchant_id", "next_at"),
    )
    merchant_id: Mapped[int] = part_of_key()
    delivery_id: Mapped[int] = part_of_key()
    webhook_id: Mapped[int]
    refresh_id: Mapped[int]
    event: Mapped[str]
    segment: Mapped[str]
    after_id: Mapped[int] = mapped_column(server_default="0")
    at: Mapped[object] = instant()
    state: Mapped[str] = mapped_column(server_default="waiting")
    tries: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[object | None] = instant(nullable=True)
    sent_at: Mapped[object | None] = instant(nullable=True)
    count: Mapped[int] = mapped_column(server_default="0")
    status: Mapped[int | None]
    answer: Mapped[str] = mapped_column(server_default="")
    ms: Mapped[int | None]
