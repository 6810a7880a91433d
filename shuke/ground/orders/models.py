"""Tables of orders and refunds."""

from datetime import date

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class Order(Model):
    """One order as sold, with its lines; refunds stand apart. Money in fen, net of discounts, coupons and points.

    Its outside key is found through the receipt, which is unique for ever.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("orders_by_member", "merchant_id", "member_id", "occurred_at"),
        {"postgresql_with": {"fillfactor": 95}},
    )
    merchant_id: Mapped[int] = part_of_key()
    order_id: Mapped[int] = part_of_key()
    source: Mapped[str]
    source_key: Mapped[str]
    member_id: Mapped[int | None]
    store_id: Mapped[int | None]
    channel: Mapped[str] = mapped_column(server_default="")
    occurred_at: Mapped[object] = instant()
    business_date: Mapped[date]
    amount_fen: Mapped[int]
    list_fen: Mapped[int]
    discount_fen: Mapped[int] = mapped_column(server_default="0")
    refunded_fen: Mapped[int] = mapped_column(server_default="0")
    points_earned: Mapped[int] = mapped_column(server_default="0")
    points_spent: Mapped[int] = mapped_column(server_default="0")
    points_value_fen: Mapped[int] = mapped_column(server_default="0")
    coupon_code: Mapped[str | None]
    lines: Mapped[list] = mapped_column(server_default="[]")
    payments: Mapped[list] = mapped_column(server_default="[]")
    history: Mapped[bool] = mapped_column(server_default="false")
    recorded_at: Mapped[object] = instant()


class Refund(Model):
    """One refund, of a whole order or a part. States: applied, parked (its order has not come yet).

    `refunded_after_fen` is what had been returned of the order once this refund was counted: it tells their sequence.
    """

    __tablename__ = "refund"
    __table_args__ = (
        Index("refund_by_order", "merchant_id", "order_id"),
        Index("refund_parked", "merchant_id", "order_key", postgresql_where=text("state = 'parked'")),
    )
    merchant_id: Mapped[int] = part_of_key()
    refund_id: Mapped[int] = part_of_key()
    source: Mapped[str]
    source_key: Mapped[str]
    order_source: Mapped[str]
    order_key: Mapped[str]
    order_id: Mapped[int | None]
    member_id: Mapped[int | None]
    amount_fen: Mapped[int]
    lines: Mapped[list] = mapped_column(server_default="[]")
    points_taken_back: Mapped[int] = mapped_column(server_default="0")
    points_given_back: Mapped[int] = mapped_column(server_default="0")
    closes_order: Mapped[bool] = mapped_column(server_default="false")
    refunded_after_fen: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str]
    history: Mapped[bool] = mapped_column(server_default="false")
    occurred_at: Mapped[object] = instant()
    recorded_at: Mapped[object] = instant()
