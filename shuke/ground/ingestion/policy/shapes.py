"""What comes in: orders, refunds and events as integrators send them, strict to the field."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Key = Annotated[str, Meta(min_length=1, max_length=128)]
Code = Annotated[str, Meta(max_length=128)]
Fen = Annotated[int, Meta(ge=0, le=10_000_000_000, description="Money in fen (1 yuan = 100)")]
Identities = Annotated[
    dict[Annotated[str, Meta(pattern="^[a-z][a-z_]{1,31}$")], Key],
    Meta(min_length=1, max_length=10, description='How the member is known, by kind: {"phone": "13800138000"}'),
]
Instant = Annotated[datetime, Meta(tz=True, description="With its offset: 2026-11-21T10:00:00+08:00")]
Points = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Strict: an unknown field is an error, never silently dropped."""


class LineIn(Shape, frozen=True, kw_only=True):
    """One line: what, how many, and the net money paid for all of them."""

    sku: Key
    quantity: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    amount_fen: Fen
    list_fen: Fen | None = None
    discount_fen: Fen = 0
    product: Code = ""
    category: Code = ""
    brand: Code = ""


class PaymentIn(Shape, frozen=True, kw_only=True):
    """One payment towards an order."""

    method: Code
    amount_fen: Fen


class OrderIn(Shape, frozen=True, kw_only=True):
    """One order as paid. Without lines `amount_fen` is needed; with lines it must equal their sum where given."""

    order_id: Key
    occurred_at: Instant
    source: Key = "api"
    member: Identities | None = None
    store_id: Code = ""
    channel: Code = ""
    lines: Annotated[list[LineIn], Meta(max_length=2_000)] = []
    amount_fen: Fen | None = None
    payments: Annotated[list[PaymentIn], Meta(max_length=20)] = []
    coupon_code: Code | None = None
    points_spent: Points = 0

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


class RefundLineIn(Shape, frozen=True, kw_only=True):
    """One line given back."""

    sku: Key
    quantity: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    amount_fen: Fen


class RefundIn(Shape, frozen=True, kw_only=True):
    """One refund of an order, whole or in part; it may come before its order."""

    refund_id: Key
    order_id: Key
    occurred_at: Instant
    amount_fen: Fen
    source: Key = "api"
    lines: Annotated[list[RefundLineIn], Meta(max_length=2_000)] = []

    @property
    def key(self) -> str:
        return f"refund:{self.refund_id}"


class EventIn(Shape, frozen=True, kw_only=True):
    """One thing a member did: a built-in name such as `view`, or any name of your own."""

    event_id: Key
    occurred_at: Instant
    event: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,63}$")]
    member: Identities
    source: Key = "api"
    properties: Annotated[
        dict[Annotated[str, Meta(max_length=64)], str | int | float | bool | None], Meta(max_length=50)
    ] = {}
    store_id: Code = ""
    channel: Code = ""

    @property
    def key(self) -> str:
        return f"event:{self.event_id}"


Item = OrderIn | RefundIn | EventIn
MAX_ITEMS = 1_000


def builtins(item: Any) -> dict[str, Any]:
    """The item as plain JSON values, defaults left out."""
    plain: dict[str, Any] = msgspec.to_builtins(item)
    return plain
