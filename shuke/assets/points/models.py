"""Tables of the ledger."""

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Account(Model):
    """One member's wallet of one unit. `balance` caches Σ entries, `held` Σ open holds, `debt` what later credits pay first."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("held >= 0 and debt >= 0 and balance >= -debt", name="parts"),
        {"postgresql_with": {"fillfactor": 80}},
    )
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    wallet: Mapped[str] = mapped_column(primary_key=True)
    balance: Mapped[int] = mapped_column(server_default="0")
    held: Mapped[int] = mapped_column(server_default="0")
    debt: Mapped[int] = mapped_column(server_default="0")
    earned_total: Mapped[int] = mapped_column(server_default="0")
    spent_total: Mapped[int] = mapped_column(server_default="0")


class Entry(Model):
    """One immutable movement, signed.

    Types: earn, bonus, adjust, redeem, capture, expire, clawback, restore, transfer, merge, import, activate (0 points).

    The key leads back to the cause (`order:<id>:<rule>`), so the entries of an order are a range of keys.
    """

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        Index("entry_by_member", "merchant_id", "member_id", "occurred_at"),
    )
    merchant_id: Mapped[int] = part_of_key()
    batch_id: Mapped[int] = part_of_key()
    entry_id: Mapped[int] = part_of_key()
    member_id: Mapped[int]
    wallet: Mapped[str]
    type: Mapped[str]
    points: Mapped[int]
    debt_change: Mapped[int] = mapped_column(server_default="0")
    key: Mapped[str] = mapped_column(Text(collation="C"))
    order_id: Mapped[int | None]
    of_entry_id: Mapped[int | None]
    rule_id: Mapped[int | None]
    rule_version: Mapped[int | None]
    basis_fen: Mapped[int | None]
    breakdown: Mapped[list | None]
    why: Mapped[dict]
    occurred_at: Mapped[object] = instant()
    effective_at: Mapped[object] = instant()
    recorded_at: Mapped[object] = instant()


class Lot(Model):
    """Points of one credit that run out together: granted, what remains, and from when to when they can be spent."""

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("remaining >= 0 and remaining <= granted", name="remaining"),
        Index(
            "lot_due", "merchant_id", "expires_at", postgresql_where=text("remaining > 0 and expires_at is not null")
        ),
        Index(
            "lot_waiting", "merchant_id", "member_id", "active_from",
            postgresql_where=text("remaining > 0 and active_from > earned_at"),
        ),
        {"postgresql_with": {"fillfactor": 90}},
    )  # fmt: skip
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    lot_id: Mapped[int] = part_of_key()
    wallet: Mapped[str]
    entry_id: Mapped[int]
    granted: Mapped[int]
    remaining: Mapped[int]
    restricted: Mapped[bool] = mapped_column(server_default="false")
    earned_at: Mapped[object] = instant()
    active_from: Mapped[object] = instant()
    expires_at: Mapped[object | None] = instant(nullable=True)


class Consumption(Model):
    """What one debit took from one lot; negative where a restore gave it back."""

    __tablename__ = "consumption"
    merchant_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    entry_id: Mapped[int] = part_of_key()
    lot_id: Mapped[int] = part_of_key()
    points: Mapped[int]


class Hold(Model):
    """Points set aside until captured or released, at the latest at expires_at. States: open, captured, released."""

    __tablename__ = "hold"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key"),
        Index("hold_by_member", "merchant_id", "member_id"),
        Index("hold_open", "merchant_id", "expires_at", postgresql_where=text("state = 'open'")),
    )
    merchant_id: Mapped[int] = part_of_key()
    hold_id: Mapped[int] = part_of_key()
    member_id: Mapped[int]
    wallet: Mapped[str]
    points: Mapped[int]
    key: Mapped[str]
    state: Mapped[str]
    lots: Mapped[list]
    why: Mapped[dict]
    created_at: Mapped[object] = instant()
    expires_at: Mapped[object] = instant()
    closed_at: Mapped[object | None] = instant(nullable=True)
