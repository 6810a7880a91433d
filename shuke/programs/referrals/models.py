"""Tables of referrals."""

from datetime import date

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class ReferralPlan(Model):
    """One published version of the merchant's plan; the newest published before an instant holds for it.

    States: live, paused (nobody can be referred while it is the newest). The newest row is also what attributions of one
    merchant queue on, so that rings cannot be made by halves at the same time.
    """

    __tablename__ = "referral_plan"
    merchant_id: Mapped[int] = part_of_key()
    version: Mapped[int] = part_of_key()
    state: Mapped[str]
    plan: Mapped[dict]
    published_at: Mapped[object] = instant()
    published_by: Mapped[str] = mapped_column(server_default="")


class ReferralCode(Model):
    """A member's personal code. `issued_to` got it; `member_id` is who holds it now, after merges."""

    __tablename__ = "referral_code"
    __table_args__ = (
        UniqueConstraint("merchant_id", "issued_to"),
        Index("referral_code_by_member", "merchant_id", "member_id"),
    )
    merchant_id: Mapped[int] = part_of_key()
    code: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int]
    issued_to: Mapped[int]
    issued_at: Mapped[object] = instant()


class Referral(Model):
    """Who brought whom; kept for ever.

    States: waiting (no order yet), ordered (the return window runs), rewarded, taken_back, refused (by a person), void.
    `review`: none, waiting, accepted, refused. `friend_was` and `referrer_was` are whom it was noted for, before merges.
    """

    __tablename__ = "referral"
    __table_args__ = (
        Index("referral_by_friend", "merchant_id", "friend_id", unique=True, postgresql_where=text("state <> 'void'")),
        Index("referral_by_referrer", "merchant_id", "referrer_id", "occurred_at"),
        Index("referral_by_order", "merchant_id", "order_id", postgresql_where=text("order_id is not null")),
        Index("referral_due", "merchant_id", "due_at",
              postgresql_where=text("state = 'ordered' and review in ('none', 'accepted')")),
        Index("referral_settled", "merchant_id", "settled_at", postgresql_where=text("state = 'rewarded'")),
        Index("referral_open", "merchant_id", "review", "referral_id",
              postgresql_where=text("state in ('waiting', 'ordered')")),
    )  # fmt: skip
    merchant_id: Mapped[int] = part_of_key()
    referral_id: Mapped[int] = part_of_key()
    friend_id: Mapped[int]
    referrer_id: Mapped[int]
    friend_was: Mapped[int]
    referrer_was: Mapped[int]
    how: Mapped[str]
    code: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int]
    flags: Mapped[list] = mapped_column(server_default="[]")
    review: Mapped[str] = mapped_column(server_default="none")
    state: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str] = mapped_column(server_default="")
    order_id: Mapped[int | None]
    order_at: Mapped[object | None] = instant(nullable=True)
    due_at: Mapped[object | None] = instant(nullable=True)
    settled_at: Mapped[object | None] = instant(nullable=True)
    capped: Mapped[bool] = mapped_column(server_default="false")
    given: Mapped[list] = mapped_column(server_default="[]")
    decided_by: Mapped[str] = mapped_column(server_default="")
    decided_at: Mapped[object | None] = instant(nullable=True)
    occurred_at: Mapped[object] = instant()
    recorded_at: Mapped[object] = instant()


class ReferralTouch(Model):
    """A member's link was opened on a device, known by a digest; the latest counts, for as long as the window is."""

    __tablename__ = "referral_touch"
    __table_args__ = (Index("referral_touch_by_age", "merchant_id", "touched_at"),)
    merchant_id: Mapped[int] = part_of_key()
    device: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    touched_at: Mapped[object] = instant()


class ReferralDevice(Model):
    """A device that a member was seen with, as a digest; one that two members share makes a referral wait for a person."""

    __tablename__ = "referral_device"
    __table_args__ = (Index("referral_device_by_member", "merchant_id", "member_id"),)
    merchant_id: Mapped[int] = part_of_key()
    device: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int] = part_of_key()
    seen_at: Mapped[object] = instant()


class ReferralBoard(Model):
    """The board of a week or month that is over: who won what, written once together with the prizes."""

    __tablename__ = "referral_board"
    merchant_id: Mapped[int] = part_of_key()
    period: Mapped[str] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    winners: Mapped[list] = mapped_column(server_default="[]")
    closed_at: Mapped[object] = instant()
