"""Tables of approvals."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class AdjustmentRequest(Model):
    """One adjustment that somebody asked for and another has to decide. States: waiting, approved, refused."""

    __tablename__ = "adjustment_request"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        Index("adjustment_request_by_state", "merchant_id", "state", "request_id"),
    )
    merchant_id: Mapped[int] = part_of_key()
    request_id: Mapped[int] = part_of_key()
    key: Mapped[str]
    member_id: Mapped[int]
    wallet: Mapped[str]
    points: Mapped[int]
    reason: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[str]
    asked_staff_id: Mapped[int | None]
    asked_at: Mapped[object] = instant()
    decided_by: Mapped[str | None]
    decided_staff_id: Mapped[int | None]
    decided_at: Mapped[object | None] = instant(nullable=True)
    words: Mapped[str] = mapped_column(server_default="")
    entry_id: Mapped[int | None]
