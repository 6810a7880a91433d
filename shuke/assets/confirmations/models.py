"""Tables of points that wait for an action."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Awaited(Model):
    """One credit whose points wait for an action until `until`; then they lapse, or are usable without it. Where `action` is
    empty they only wait for their time.

    States are predicates: confirmed (`confirmed_at`), waiting (before `until`), lapsed or due. `lot_id` is the lot that
    waits; it follows the member through merges.
    """

    __tablename__ = "awaited"
    __table_args__ = (
        Index("awaited_by_member", "merchant_id", "member_id"),
        Index("awaited_by_order", "merchant_id", "order_id"),
    )
    merchant_id: Mapped[int] = part_of_key()
    entry_id: Mapped[int] = part_of_key()
    member_id: Mapped[int]
    lot_id: Mapped[int]
    key: Mapped[str]
    order_id: Mapped[int | None]
    action: Mapped[str]
    points: Mapped[int]
    lapses: Mapped[bool]
    validity: Mapped[str]
    since_use: Mapped[bool]
    earned_at: Mapped[object] = instant()
    until: Mapped[object] = instant()
    confirmed_at: Mapped[object | None] = instant(nullable=True)
    confirmed_by: Mapped[str] = mapped_column(server_default="")
