"""Tables of offers: points as cash."""

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Offer(Model):
    """One price at which points may be spent as cash: so many points for so many fen, for so long once granted.

    States: live, ended (nobody gets it any more; what was granted stays good).
    """

    __tablename__ = "offer"
    __table_args__ = (UniqueConstraint("merchant_id", "slug"),)
    merchant_id: Mapped[int] = part_of_key()
    offer_id: Mapped[int] = part_of_key()
    slug: Mapped[str]
    name: Mapped[str]
    points: Mapped[int]
    value_fen: Mapped[int]
    valid_for: Mapped[str]
    max_share_percent: Mapped[int] = mapped_column(server_default="100")
    state: Mapped[str] = mapped_column(server_default="live")
    created_at: Mapped[object] = instant()


class OfferGrant(Model):
    """One member's right to use one offer once, until it expires, at the price of the day it was granted.

    `key` makes granting repeatable. Usable while used_at is empty and expires_at lies ahead; nothing sweeps it.
    """

    __tablename__ = "offer_grant"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        Index("offer_grant_by_member", "merchant_id", "member_id", "expires_at"),
        Index("offer_grant_by_order", "merchant_id", "order_id", postgresql_where=text("order_id is not null")),
    )
    merchant_id: Mapped[int] = part_of_key()
    grant_id: Mapped[int] = part_of_key()
    offer_id: Mapped[int]
    member_id: Mapped[int]
    points: Mapped[int]
    value_fen: Mapped[int]
    max_share_percent: Mapped[int] = mapped_column(server_default="100")
    key: Mapped[str]
    granted_at: Mapped[object] = instant()
    expires_at: Mapped[object] = instant()
    used_at: Mapped[object | None] = instant(nullable=True)
    order_id: Mapped[int | None]
