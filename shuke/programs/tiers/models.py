"""Tables of ladders, of where members stand on them, and of the gifts that levels brought."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class TierLadder(Model):
    """One published version of a ladder: terms and levels as data; ladder 0 is the main one. States: live, ended."""

    __tablename__ = "tier_ladder"
    merchant_id: Mapped[int] = part_of_key()
    ladder_id: Mapped[int] = part_of_key()
    version: Mapped[int] = part_of_key()
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    terms: Mapped[dict] = mapped_column(server_default="{}")
    levels: Mapped[list]
    state: Mapped[str] = mapped_column(server_default="live")
    from_at: Mapped[object] = instant()
    published_at: Mapped[object] = instant()
    published_by: Mapped[str] = mapped_column(server_default="")


class MemberTier(Model):
    """Where one member stands on one ladder: level, since when, kept until.

    `months` is net payment in fen by month of payment, kept for the main ladder; `counts` is what any other measure
    counted; `under` what was earned while a level given by hand is in force.
    """

    __tablename__ = "member_tier"
    __table_args__ = ({"postgresql_with": {"fillfactor": 80}},)
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    ladder_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, server_default="0")
    level: Mapped[int]
    since: Mapped[object] = instant()
    keep_until: Mapped[object | None] = instant(nullable=True)
    months: Mapped[dict] = mapped_column(server_default="{}")
    counts: Mapped[dict] = mapped_column(server_default="{}")
    under: Mapped[dict | None]


class TierChange(Model):
    """One rise or drop of one member. Reasons: reached, changed (the ladder was), dropped, ended (what was given by hand),
    manual, merged, parted (a merge was undone)."""

    __tablename__ = "tier_change"
    __table_args__ = (
        Index("tier_change_by_member", "merchant_id", "member_id", "at"),
        Index("tier_change_by_time", "merchant_id", "at"),
    )
    merchant_id: Mapped[int] = part_of_key()
    change_id: Mapped[int] = part_of_key()
    ladder_id: Mapped[int] = mapped_column(server_default="0")
    member_id: Mapped[int]
    from_level: Mapped[int]
    to_level: Mapped[int]
    reason: Mapped[str]
    at: Mapped[object] = instant()


class TierByHand(Model):
    """One decision of staff: this level until then, or (without a level) what was given by hand is taken back."""

    __tablename__ = "tier_by_hand"
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    act_id: Mapped[int] = part_of_key()
    ladder_id: Mapped[int]
    level: Mapped[int | None]
    until: Mapped[object | None] = instant(nullable=True)
    note: Mapped[str]
    by: Mapped[str]
    at: Mapped[object] = instant()


class TierGift(Model):
    """One gift that a level brought, decided once for ever. States: given, refused, lapsed (no longer deserved when due)."""

    __tablename__ = "tier_gift"
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    key: Mapped[str] = mapped_column(primary_key=True)
    ladder_id: Mapped[int]
    level: Mapped[int]
    kind: Mapped[str]
    state: Mapped[str]
    given: Mapped[list] = mapped_column(server_default="[]")
    at: Mapped[object] = instant()


class TierRecount(Model):
    """A member whose standings are to be counted again: something that counts has happened, or a ladder changed."""

    __tablename__ = "tier_recount"
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
