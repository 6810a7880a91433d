"""What the mirror may copy of orders: orders and lines net of refunds, and refunds as events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa

from shuke.ground import mirror, tenancy
from shuke.kit import money
from shuke.kit.db import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shuke.kit.db import Tx

_SIGNED = (
    mirror.Column("effective_at", "instant"), mirror.Column("row_id", "key"), mirror.Column("sign", "sign"),
    mirror.Column("place", "key"), mirror.Column("order_id", "key"), mirror.Column("at", "instant"), mirror.Column("day", "day"),
    mirror.Column("weekday", "small"), mirror.Column("hour", "small"), mirror.Column("store", "word"),
    mirror.Column("channel", "word"), mirror.Column("coupon", "text"),
)  # fmt: skip
ORDERS = mirror.Table(
    "orders",
    (*_SIGNED, mirror.Column("order_key", "text"), mirror.Column("amount_fen", "whole"),
     mirror.Column("list_fen", "whole"), mirror.Column("discount_fen", "whole"), mirror.Column("items", "whole")),
    orders=(("member", "at"),), signed=True,
)  # fmt: skip
LINES = mirror.Table(
    "order_lines",
    (*_SIGNED, mirror.Column("sku", "word"), mirror.Column("product", "word"), mirror.Column("category", "word"),
     mirror.Column("brand", "word"), mirror.Column("quantity", "whole"), mirror.Column("amount_fen", "whole"),
     mirror.Column("discount_fen", "whole"), mirror.Column("order_key", "text"), mirror.Column("list_fen", "whole"),
     mirror.Column("items", "whole")),
    orders=(("member", "at"),), signed=True,
)  # fmt: skip
_FIRST = (
    "(member, order_id) IN (SELECT member, argMin(order_id, (at, place, seq)) FROM orders WHERE merchant = «merchant» AND sign = 1 "
    "AND effective_at <= «as_of» AND row_id NOT IN (SELECT row_id FROM orders WHERE merchant = «merchant» AND sign = -1 "
    "AND effective_at <= «as_of») GROUP BY member)"
)
_OF_ORDER = mirror.COMMON | {
    "coupon": mirror.Property("coupon", "text", ("优惠券", "Coupon")),
    "first": mirror.Property(_FIRST, "flag", ("首单", "First order")),
}
_ORDER_ID = mirror.Property("order_key", "text", ("订单号", "Order"))
ORDER = mirror.Event(
    "order", "orders", title=("下单", "ordered"), parts="order_line",
    properties={
        "order_id": _ORDER_ID,
        "amount_fen": mirror.Property("amount_fen", "number", ("实付金额", "Amount")),
        "list_fen": mirror.Property("list_fen", "number", ("原价", "List price")),
        "discount_fen": mirror.Property("discount_fen", "number", ("优惠金额", "Discount")),
        "items": mirror.Property("items", "number", ("件数", "Items")),
        **_OF_ORDER,
    },
)  # fmt: skip
ORDER_LINE = mirror.Event(
    "order_line", "order_lines", title=("购买商品", "bought"),
    properties={
        "sku": mirror.Property("sku", "text", ("货号", "SKU")),
        "product": mirror.Property("product", "text", ("商品", "Product")),
        "category": mirror.Property("category", "text", ("品类", "Category")),
        "brand": mirror.Property("brand", "text", ("品牌", "Brand")),
        "quantity": mirror.Property("quantity", "number", ("数量", "Quantity")),
        "amount_fen": mirror.Property("amount_fen", "number", ("实付金额", "Amount")),
        "discount_fen": mirror.Property("discount_fen", "number", ("优惠金额", "Discount")),
        "order_id": _ORDER_ID,
        "list_fen": mirror.Property("list_fen", "number", ("整单原价", "List price of the order")),
        "items": mirror.Property("items", "number", ("整单件数", "Items of the order")),
        **_OF_ORDER,
    },
)  # fmt: skip
REFUND = mirror.behaviour("refund", ("退款", "had a refund"), {"amount_fen": ("number", "退款金额", "Amount")})


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as the mirror copies it: what its rows share, its amount and its lines."""

    order_id: int
    member: int
    at: datetime
    amount_fen: int
    lines: Sequence[Mapping[str, Any]]
    shared: Mapping[str, Any]
    own: Mapping[str, Any]
    place: int = 0


@dataclass(frozen=True, slots=True)
class Returned:
    """One applied refund."""

    refund_id: int
    at: datetime
    amount_fen: int
    lines: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Version:
    """An order as it stands from an instant on; `amount_fen` None once it is returned as a whole."""

    row_id: int
    effective_at: datetime
    amount_fen: int | None
    lines: tuple[tuple[int, int] | None, ...]


def versions(order: Placed, refunds: Sequence[Returned]) -> list[Version]:
    """The states of an order over time, each after the refunds that had occurred by then. Ids follow from the refunds."""
    lines = [(int(line.get("quantity", 1)), int(line["amount_fen"])) for line in order.lines]
    standing: list[tuple[int, int] | None] = list(lines)
    amount, row_id = order.amount_fen, _mix(order.order_id, 0)
    found = [Version(row_id, order.at, amount, tuple(standing))]
    for refund in sorted(refunds, key=lambda refund: (refund.at, refund.refund_id)):
        amount -= refund.amount_fen
        row_id = _mix(row_id, refund.refund_id)
        standing = _returned(standing, order.lines, refund)
        closed = amount <= 0
        effective = max(order.at, refund.at)
        found.append(Version(row_id, effective, None if closed else amount, () if closed else tuple(standing)))
    return found


def _mix(one: int, two: int) -> int:
    return ((one ^ (two * 0x9E3779B97F4A7C15)) * 0xC2B2AE3D27D4EB4F + 0x165667B19E3779F9) % 2**64


def _returned(
    standing: list[tuple[int, int] | None], lines: Sequence[Mapping[str, Any]], refund: Returned
) -> list[tuple[int, int] | None]:
    """Lines after a refund: those it names first, the rest over all lines in proportion to what remains."""
    after = list(standing)
    left = refund.amount_fen
    for named in refund.lines:
        quantity, amount = int(named.get("quantity", 1)), int(named.get("amount_fen", 0))
        for n, line in enumerate(lines):
            state = after[n]
            if state is None or line["sku"] != named["sku"] or not (quantity or amount):
                continue
            taken, back = min(state[1], amount), min(state[0], quantity)
            after[n] = None if taken == state[1] and back == state[0] else (state[0] - back, state[1] - taken)
            amount, quantity, left = amount - taken, quantity - back, left - taken
    open_lines = [n for n, state in enumerate(after) if state is not None]
    weights = [after[n][1] for n in open_lines]  # type: ignore[index]
    if left > 0 and sum(weights) > 0:
        for n, part in zip(open_lines, money.split(min(left, sum(weights)), weights), strict=True):
            quantity, amount = after[n]  # type: ignore[misc]
            after[n] = None if part and part == amount else (quantity, amount - part)
    return after


Row = tuple[int, int, "datetime", int | None, tuple[tuple[int, int] | None, ...]]


def signed(history: Sequence[Version]) -> set[Row]:
    """A history as rows: each version from its instant on, taken back where the next begins."""
    rows: set[Row] = set()
    for version, following in zip(history, [*history[1:], None], strict=False):
        if version.amount_fen is None:
            continue
        content = (version.amount_fen, version.lines)
        rows.add((1, version.row_id, version.effective_at, *content))
        if following is not None:
            rows.add((-1, version.row_id, following.effective_at, *content))
    return rows


def change(before: Sequence[Version], after: Sequence[Version]) -> list[Row]:
    """The rows to add so that a mirrored history becomes another; what no longer holds is taken back at its own instant."""
    if not before and len(after) == 1:
        [only] = after
        return [(1, only.row_id, only.effective_at, only.amount_fen, only.lines)]
    old, new = signed(before), signed(after)
    undone = [(-sign, row_id, at, amount, lines) for sign, row_id, at, amount, lines in old - new]
    return sorted([*undone, *(new - old)], key=lambda row: (row[2], row[1], row[0]))


def order_rows(changes: Sequence[tuple[int, Placed, Sequence[Row]]]) -> dict[str, list[Any]]:
    """Rows of `orders` from (announcement, order, changes)."""
    made: dict[str, list[Any]] = {name: [] for name in _names(ORDERS)}
    flat = [(applied, order, row) for applied, order, rows in changes for row in rows]
    for name in (*_SHARED, *_OWN):
        made[name] = [(order.shared if name in order.shared else order.own)[name] for _, order, _ in flat]
    _common(made, flat)
    made["idx"] = [0] * len(flat)
    made["row_id"] = [row[1] for _, _, row in flat]
    made["amount_fen"] = [row[3] for _, _, row in flat]
    return made


_SHARED = ("day", "weekday", "hour", "store", "channel", "coupon")
_OWN = ("order_key", "list_fen", "discount_fen", "items")
_OF_WHOLE = ("order_key", "list_fen", "items")  # what each line says of its order
_TEXTS = ("sku", "product", "category", "brand")


def _names(table: mirror.Table) -> list[str]:
    return ["member", "seq", "idx", "applied", *(column.name for column in table.columns)]


def _common(made: dict[str, list[Any]], flat: Sequence[tuple[int, Placed, Row]]) -> None:
    made["applied"] = [applied for applied, _, _ in flat]
    made["member"] = [order.member for _, order, _ in flat]
    made["seq"] = made["order_id"] = [order.order_id for _, order, _ in flat]
    made["place"] = [order.place for _, order, _ in flat]
    made["at"] = [order.at for _, order, _ in flat]
    made["sign"] = [row[0] for _, _, row in flat]
    made["effective_at"] = [row[2] for _, _, row in flat]


def line_rows(changes: Sequence[tuple[int, Placed, Sequence[Row]]]) -> dict[str, list[Any]]:
    """Rows of `order_lines` from (announcement, order, changes): column by column, since there are many."""
    made: dict[str, list[Any]] = {name: [] for name in _names(LINES)}
    flat = [
        (applied, order, row, n, state)
        for applied, order, rows in changes
        for row in rows
        for n, state in enumerate(row[4])
        if state is not None
    ]
    lines = [order.lines[n] for _, order, _, n, _ in flat]
    for name in _SHARED:
        made[name] = [order.shared[name] for _, order, _, _, _ in flat]
    for name in _OF_WHOLE:
        made[name] = [order.own[name] for _, order, _, _, _ in flat]
    for name in _TEXTS:
        made[name] = [line.get(name) or "" for line in lines]
    _common(made, [(applied, order, row) for applied, order, row, _, _ in flat])
    made["idx"] = [n for _, _, _, n, _ in flat]
    made["row_id"] = [_mix(row[1], n + 1) for _, _, row, n, _ in flat]
    made["quantity"] = [state[0] for _, _, _, _, state in flat]
    made["amount_fen"] = [state[1] for _, _, _, _, state in flat]
    made["discount_fen"] = [int(line.get("discount_fen") or 0) for line in lines]
    return made


_ORDERS = """
select order_id, source_key, coalesce(member_id, 0) as member_id, store_id, channel, occurred_at, business_date, amount_fen,
    list_fen, discount_fen, coupon_code, lines
from orders where merchant_id = %(merchant_id)s and order_id = any(%(ids)s::bigint[])
"""
_REFUNDS = """
select refund_id, order_id, amount_fen, lines, occurred_at, recorded_at, refunded_after_fen
from refund where merchant_id = %(merchant_id)s and order_id = any(%(ids)s::bigint[]) and state = 'applied'
order by refunded_after_fen, recorded_at, refund_id
"""


async def _placed(tx: Tx, ids: Sequence[int]) -> dict[int, Placed]:
    merchant = await tenancy.get_merchant(tx)
    codes = {store.store_id: store.code for store in await tenancy.list_stores(tx)}
    zone = ZoneInfo(merchant.zone)
    found = {}
    for row in await tx.rows(_ORDERS, ids=list(ids)):
        local = row.occurred_at.astimezone(zone)
        shared = {
            "day": row.business_date, "weekday": local.isoweekday(), "hour": local.hour, "channel": row.channel,
            "store": codes.get(row.store_id, ""), "coupon": row.coupon_code or "",
        }  # fmt: skip
        own = {
            "order_key": row.source_key, "list_fen": row.list_fen, "discount_fen": row.discount_fen,
            "items": sum(int(line.get("quantity", 1)) for line in row.lines),
        }  # fmt: skip
        found[row.order_id] = Placed(
            row.order_id, row.member_id, row.occurred_at, row.amount_fen, row.lines, shared, own
        )
    return found


async def _changes(tx: Tx, refund_ids: Mapping[int, int]) -> list[tuple[int, Placed, Sequence[Row]]]:
    """What each refund (id → announcement) changes, in a constant number of statements for all of them."""
    touched = await tx.rows(
        "select distinct order_id from refund where merchant_id = %(merchant_id)s and refund_id = any(%(ids)s::bigint[])",
        ids=list(refund_ids),
    )
    refunds: dict[int, list[Any]] = {}
    of_order: dict[int, int] = {}
    for row in await tx.rows(_REFUNDS, ids=[row.order_id for row in touched]):
        refunds.setdefault(row.order_id, []).append(row)
        of_order[row.refund_id] = row.order_id
    orders = await _placed(tx, sorted(refunds))
    return [
        (applied, order, _refunded(order, refunds[order.order_id], refund_id))
        for refund_id, applied in refund_ids.items()
        for order in [orders[of_order[refund_id]]]
    ]


def _refunded(order: Placed, refunds: Sequence[Any], refund_id: int) -> list[Row]:
    """What one refund changes, given those that were counted before it."""
    place = next(n for n, row in enumerate(refunds) if row.refund_id == refund_id)
    listed = [Returned(row.refund_id, row.occurred_at, row.amount_fen, row.lines) for row in refunds[: place + 1]]
    return change(versions(order, listed[:-1]), versions(order, listed))


_NEW = """
select o.order_id, n.applied, n.place, coalesce(o.member_id, 0) as member, o.occurred_at as at, o.business_date as day,
    coalesce(o.store_id, 0) as store_id, o.channel, coalesce(o.coupon_code, '') as coupon, o.source_key as order_key,
    o.amount_fen, o.list_fen, o.discount_fen, o.lines::text as lines
from unnest(%(ids)s::bigint[], %(applied)s::bigint[], %(places)s::bigint[]) as n(order_id, applied, place)
join orders o on o.merchant_id = %(merchant_id)s and o.order_id = n.order_id
"""
_NEW_KINDS: dict[str, Kind] = {
    "order_id": "whole", "applied": "whole", "place": "whole", "member": "whole", "at": "instant", "day": "day",
    "store_id": "whole", "channel": "text", "coupon": "text", "order_key": "text", "amount_fen": "whole", "list_fen": "whole",
    "discount_fen": "whole", "lines": "text",
}  # fmt: skip


class _Line(msgspec.Struct, gc=False):
    """One line as its order keeps it."""

    sku: str
    amount_fen: int
    quantity: int | None = None
    discount_fen: int | None = None
    product: str | None = None
    category: str | None = None
    brand: str | None = None


_lines = msgspec.json.Decoder(list[_Line])


async def new_rows(tx: Tx, placed: Mapping[int, tuple[int, int]]) -> dict[str, dict[str, Any]]:
    """Rows of `orders` and `order_lines` for orders (id → announcement, place) as they were placed, as arrays."""
    merchant = await tenancy.get_merchant(tx)
    codes = {0: "", **{store.store_id: store.code for store in await tenancy.list_stores(tx)}}
    found = await tx.columns(
        _NEW, _NEW_KINDS, ids=list(placed), applied=[seq for seq, _ in placed.values()],
        places=[place for _, place in placed.values()],
    )  # fmt: skip
    return await asyncio.to_thread(_both_tables, found, codes, merchant.zone)


def _both_tables(columns: dict[str, Any], codes: Mapping[int, str], zone: str) -> dict[str, dict[str, Any]]:
    written, order_ids, at = columns.pop("lines"), columns["order_id"], columns["at"]
    text = memoryview(written.data)
    listed = [_lines.decode(text[start:end]) for start, end in pairwise(written.starts.tolist())]
    counts = np.array([len(lines) for lines in listed], np.int64)
    lines = list(chain.from_iterable(listed))
    weekday, hour = mirror.wall_clock(at, zone)
    stores, places = np.unique(columns.pop("store_id"), return_inverse=True)
    own = {name: columns.pop(name) for name in ("amount_fen", "list_fen", "discount_fen")}
    own["order_key"] = mirror.texts(columns.pop("order_key"))
    shared = columns | {
        "seq": order_ids, "effective_at": at, "sign": 1, "weekday": weekday, "hour": hour,
        "store": pa.array([codes.get(store, "") for store in stores.tolist()], pa.string()).take(places),
        "channel": mirror.texts(columns["channel"]), "coupon": mirror.texts(columns["coupon"]),
    }  # fmt: skip
    quantity = np.array([1 if line.quantity is None else line.quantity for line in lines], np.int64)
    row_id = _mixed(order_ids.astype(np.uint64), np.uint64(0))
    ends = np.cumsum(counts)
    totals = np.concatenate([np.zeros(1, np.int64), np.cumsum(quantity)])
    heads = shared | own | {
        "idx": np.zeros(len(order_ids), np.int64), "row_id": row_id, "items": totals[ends] - totals[ends - counts]
    }  # fmt: skip
    of = np.repeat(np.arange(len(order_ids)), counts)
    idx = np.arange(len(lines)) - np.repeat(ends - counts, counts)
    said = shared | {name: heads[name] for name in _OF_WHOLE}
    parts = {name: values if isinstance(values, int) else values.take(of) for name, values in said.items()} | {
        "idx": idx, "row_id": _mixed(row_id[of], (idx + 1).astype(np.uint64)), "quantity": quantity,
        "amount_fen": np.array([line.amount_fen for line in lines], np.int64),
        "discount_fen": np.array([line.discount_fen or 0 for line in lines], np.int64),
        "sku": [line.sku for line in lines], "product": [line.product or "" for line in lines],
        "category": [line.category or "" for line in lines], "brand": [line.brand or "" for line in lines],
    }  # fmt: skip
    return {ORDERS.name: heads, LINES.name: parts}


def _mixed(one: np.ndarray, two: Any) -> np.ndarray:
    """`_mix` over arrays of uint64."""
    with np.errstate(over="ignore"):
        spread = two * np.uint64(0x9E3779B97F4A7C15)
        return (one ^ spread) * np.uint64(0xC2B2AE3D27D4EB4F) + np.uint64(0x165667B19E3779F9)


async def _both(tx: Tx, news: Sequence[mirror.News]) -> Mapping[str, list[Mapping[str, Any]]]:
    placed = {
        order_id: (one.seq, one.place(n)) for one in news for n, order_id in enumerate(one.payload.get("order_ids", ()))
    }
    refunded = {refund_id: one.seq for one in news for refund_id in one.payload.get("refund_ids", ())}
    made = [await new_rows(tx, placed)] if placed else []
    if refunded:
        changes = await _changes(tx, refunded)
        made.append({ORDERS.name: order_rows(changes), LINES.name: line_rows(changes)})
    return {table.name: [part[table.name] for part in made] for table in (ORDERS, LINES)}


async def _refunds(tx: Tx, news: Sequence[mirror.News]) -> Mapping[str, list[Any]]:
    ids = {refund_id: one.seq for one in news for refund_id in one.payload["refund_ids"]}
    rows = await tx.rows(
        "select f.refund_id, coalesce(f.member_id, 0) as member_id, f.occurred_at, f.amount_fen, o.store_id, o.channel "
        "from refund f join orders o on o.merchant_id = f.merchant_id and o.order_id = f.order_id "
        "where f.merchant_id = %(merchant_id)s and f.refund_id = any(%(ids)s::bigint[]) order by f.refund_id",
        ids=list(ids),
    )
    merchant = await tenancy.get_merchant(tx)
    codes = {store.store_id: store.code for store in await tenancy.list_stores(tx)}
    made = mirror.EventRows(merchant.zone, merchant.day_start_minutes)
    for n, row in enumerate(rows):
        made.add(
            "refund", row.member_id, row.occurred_at, (ids[row.refund_id], n), {"amount_fen": row.amount_fen},
            store=codes.get(row.store_id, ""), channel=row.channel,
        )  # fmt: skip
    return made.columns


DECLARED = (
    ORDERS,
    LINES,
    ORDER,
    ORDER_LINE,
    REFUND,
    mirror.Source(("orders_recorded", "refunds_recorded"), (ORDERS.name, LINES.name), _both),
    mirror.Source(("refunds_recorded",), "events", _refunds),
)
