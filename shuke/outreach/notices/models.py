"""Tables of notices."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class ExpiryNotice(Model):
    """One member hears once, `days_before`, that points run out on `ends_on`. States: planned, sent, refused, withdrawn.

    Withdrawn: nothing was left of them when it would have gone out. Refused: the member cannot or would not be reached.
    """

    __tablename__ = "expiry_notice"
    __table_args__ = (Index("expiry_notice_by_day", "merchant_id", "send_on", "state", "member_id"),)
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    ends_on: Mapped[date] = mapped_column(primary_key=True)
    days_before: Mapped[int] = part_of_key()
    send_on: Mapped[date]
    points: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="planned")
    reason: Mapped[str | None]
    message_id: Mapped[int | None]
    planned_at: Mapped[object] = instant()
    done_at: Mapped[object | None] = instant(nullable=True)
