"""Tables of the tier ladder and where members stand on it."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class TierLevel(Model):
    """One rung of a ladder: the net payment that reaches it and the multiplier it brings (percent, 200 = double)."""

    __tablename__ = "tier_level"
    merchant_id: Mapped[int] = part_of_key()
    level: Mapped[int] = part_of_key()
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    threshold_fen: Mapped[int]
    multiplier_percent: Mapped[int] = mapped_column(server_default="100")


class MemberTier(Model):
    """Where one member stands: level, since when, kept until; `months` is net payment in fen by month of payment."""

    __tablename__ = "member_tier"
    __table_args__ = ({"postgresql_with": {"fillfactor": 80}},)
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    level: Mapped[int]
    since: Mapped[object] = instant()
    keep_until: Mapped[object | None] = instant(nullable=True)
    months: Mapped[dict] = mapped_column(server_default="{}")


class TierChange(Model):
    """One rise or drop of one member."""

    __tablename__ = "tier_change"
    __table_args__ = (Index("tier_change_by_member", "merchant_id", "member_id", "at"),)
    merchant_id: Mapped[int] = part_of_key()
    change_id: Mapped[int] = part_of_key()
    member_id: Mapped[int]
    from_level: Mapped[int]
    to_level: Mapped[int]
    reason: Mapped[str]
    at: Mapped[object] = instant()
