"""Tables of members, their identities, consents and merges."""

from datetime import date

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Member(Model):
    """One person as one merchant knows them; the number is dense within the merchant. Merged members point to their heir."""

    __tablename__ = "member"
    __table_args__ = (
        Index("member_by_phone", "merchant_id", "phone", postgresql_ops={"phone": "text_pattern_ops"}),
        Index("member_by_phone_tail", "merchant_id", "phone_tail"),
        Index("member_by_joined", "merchant_id", text("(coalesce(joined_at, created_at))"), "member_id"),
        Index("member_by_heir", "merchant_id", "merged_into", postgresql_where=text("merged_into is not null")),
        {"postgresql_with": {"fillfactor": 90}},
    )
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    name: Mapped[str] = mapped_column(server_default="")
    name_sort: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str | None]
    phone_tail: Mapped[str | None]
    gender: Mapped[str | None]
    birthday: Mapped[date | None]
    joined_at: Mapped[object | None] = instant(nullable=True)
    attributes: Mapped[dict] = mapped_column(server_default="{}")
    merged_into: Mapped[int | None]
    created_at: Mapped[object] = instant()


class MemberCount(Model):
    """One row per merchant: the last member number given out."""

    __tablename__ = "member_count"
    merchant_id: Mapped[int] = part_of_key()
    last_number: Mapped[int] = mapped_column(server_default="0")


class Identity(Model):
    """One way a member is known: phone, card, external, wechat_openid, wechat_unionid, douyin, kuaishou, alipay, email."""

    __tablename__ = "identity"
    __table_args__ = (Index("identity_by_member", "merchant_id", "member_id"),)
    merchant_id: Mapped[int] = part_of_key()
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int]
    since: Mapped[object] = instant()


class NamePart(Model):
    """One character or pair of characters of a member's name, for searching under row security."""

    __tablename__ = "member_name_part"
    merchant_id: Mapped[int] = part_of_key()
    part: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int] = part_of_key()


class Consent(Model):
    """Whether a member lets us reach them on one channel, since when, and how they said so."""

    __tablename__ = "consent"
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    channel: Mapped[str] = mapped_column(primary_key=True)
    given: Mapped[bool]
    at: Mapped[object] = instant()
    source: Mapped[str] = mapped_column(server_default="")


class Merge(Model):
    """One merge of a member into another. `moved` is what it moved, room by room, for taking it apart again.

    Merges from before that was kept have nothing in it and cannot be undone.
    """

    __tablename__ = "member_merge"
    merchant_id: Mapped[int] = part_of_key()
    merge_id: Mapped[int] = part_of_key()
    member_id: Mapped[int]
    into_id: Mapped[int]
    at: Mapped[object] = instant()
    by: Mapped[str] = mapped_column(server_default="")
    moved: Mapped[dict] = mapped_column(server_default="{}")
    undone_at: Mapped[object | None] = instant(nullable=True)
    undone_by: Mapped[str | None]


class AttributeDeletion(Model):
    """One attribute that was given up. States: going (is taken off members, up to `after_member`), done.

    Gone again once somebody writes the attribute anew.
    """

    __tablename__ = "attribute_deletion"
    merchant_id: Mapped[int] = part_of_key()
    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[object] = instant()
    by: Mapped[str]
    after_member: Mapped[int]
    members: Mapped[int]
    state: Mapped[str]


class AttributeDate(Model):
    """One dated value of an attribute: what it was from `since` on (None: no longer known). The latest is the present one."""

    __tablename__ = "member_attribute_date"
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[object] = instant(primary_key=True)
    value: Mapped[dict | None]
