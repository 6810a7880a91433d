"""Typed rows into records: orders and refunds with their lines, members, events, products."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
import numpy as np

from shuke.ground.ingestion.files import grouping
from shuke.ground.ingestion.files.instants import to_instant
from shuke.ground.ingestion.policy import shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from shuke.ground.ingestion.files.reading import Parsed

SOURCE = "import"
"""The source of whatever a file brings, unless a column says otherwise."""

Item = TypeVar("Item")


class Filed(msgspec.Struct, Generic[Item], frozen=True):
    """One order, refund or event of a file, and the rows it came from."""

    rows: list[int]
    item: Item


class FileMember(msgspec.Struct, frozen=True, omit_defaults=True):
    """One member as a file tells it."""

    row: int
    member_id: str
    phone: str
    name: str
    joined_at: datetime | None
    attributes: dict[str, Any]


class FileProduct(msgspec.Struct, frozen=True, omit_defaults=True):
    """One product as a file tells it."""

    row: int
    sku: str
    product: str
    category: str
    brand: str
    price_fen: int | None


def orders(table: pa.Table) -> list[Filed[shapes.OrderIn]]:
    """The orders of sorted rows; a row without a SKU adds to the order's amount but is no line of it."""
    cells = {name: table[name].to_pylist() for name in table.column_names}
    lines = _lines(cells)
    paid = any(cells["payment_method"])
    return [_order(cells, lines, start, stop, paid) for start, stop in _spans(table)]


def refunds(table: pa.Table) -> list[Filed[shapes.RefundIn]]:
    """The refunds of sorted rows; a row without a SKU takes back money and names no line."""
    cells: dict[str, list[Any]] = {name: table[name].to_pylist() for name in table.column_names}
    built = []
    for start, stop in _spans(table):
        span = range(start, stop)
        lines = [
            shapes.RefundLineIn(sku=cells["sku"][at], quantity=cells["quantity"][at], amount_fen=cells["amount"][at])
            for at in span
            if cells["sku"][at]
        ]
        refund = shapes.RefundIn(
            source=cells["source"][start] or SOURCE,
            refund_id=cells["refund_id"][start],
            order_id=cells["order_id"][start],
            occurred_at=to_instant(cells["at"][start]),
            amount_fen=sum(cells["amount"][start:stop]),
            lines=lines,
        )
        built.append(Filed(cells["row"][start:stop], refund))
    return built


def members(batch: Parsed) -> list[FileMember]:
    """The good rows as members; empty cells are no attributes."""
    cells = {name: batch.columns[name].to_pylist() for name in batch.columns}
    further = _dicts(batch)
    built = []
    for at, row in _good(batch):
        joined_at = _when(cells["joined_at"][at])
        member_id, phone, name = (cells[name][at] for name in ("member_id", "phone", "name"))
        built.append(FileMember(row, member_id, phone, name, joined_at, further[at]))
    return built


def events(batch: Parsed) -> list[Filed[shapes.EventIn]]:
    """The good rows as events; empty cells are no properties."""
    cells = {name: batch.columns[name].to_pylist() for name in batch.columns}
    further = _dicts(batch)
    built = []
    for at, row in _good(batch):
        event = shapes.EventIn(
            source=cells["source"][at] or SOURCE,
            event_id=cells["event_id"][at],
            occurred_at=to_instant(cells["occurred_at"][at]),
            event=cells["event"][at],
            member=_member(cells["member_id"][at], cells["phone"][at]) or {},
            properties=further[at],
            store_id=cells["store_id"][at],
            channel=cells["channel"][at],
        )
        built.append(Filed([row], event))
    return built


def products(batch: Parsed) -> list[FileProduct]:
    """The good rows as products."""
    cells = {name: batch.columns[name].to_pylist() for name in batch.columns}
    return [
        FileProduct(row, *(cells[name][at] for name in ("sku", "product", "category", "brand", "price")))
        for at, row in _good(batch)
    ]


_LINE = ("sku", "quantity", "amount", "list_amount", "discount", "product", "category", "brand")


def _order(
    cells: dict[str, list[Any]], lines: list[shapes.LineIn | None], start: int, stop: int, paid: bool
) -> Filed[shapes.OrderIn]:
    amounts = cells["amount"][start:stop]
    order = shapes.OrderIn(
        source=cells["source"][start] or SOURCE,
        order_id=cells["order_id"][start],
        occurred_at=to_instant(cells["at"][start]),
        member=_member(cells["member_id"][start], cells["phone"][start]),
        store_id=cells["store_id"][start],
        channel=cells["channel"][start],
        lines=[line for line in lines[start:stop] if line is not None],
        amount_fen=sum(amounts),
        payments=_payments(cells["payment_method"][start:stop], amounts) if paid else [],
        coupon_code=cells["coupon_code"][start] or None,
    )
    return Filed(cells["row"][start:stop], order)


def _lines(cells: dict[str, list[Any]]) -> list[shapes.LineIn | None]:
    return [
        shapes.LineIn(
            sku=sku, quantity=quantity, amount_fen=fen, list_fen=list_fen, discount_fen=discount or 0,
            product=product, category=category, brand=brand,
        ) if sku else None
        for sku, quantity, fen, list_fen, discount, product, category, brand
        in zip(*(cells[name] for name in _LINE), strict=True)
    ]  # fmt: skip


def _member(member_id: str, phone: str) -> dict[str, str] | None:
    if member_id:
        return {"external": member_id, "phone": phone} if phone else {"external": member_id}
    return {"phone": phone} if phone else None


def _spans(table: pa.Table) -> Iterator[tuple[int, int]]:
    starts = grouping.boundaries(table)
    return zip(starts.tolist(), np.r_[starts[1:], table.num_rows].astype(int).tolist(), strict=True)


def _payments(methods: list[str], amounts: list[int]) -> list[shapes.PaymentIn]:
    paid: dict[str, int] = {}
    for method, amount in zip(methods, amounts, strict=True):
        if method:
            paid[method] = paid.get(method, 0) + amount
    return [shapes.PaymentIn(method=method, amount_fen=amount) for method, amount in paid.items()]


def _good(batch: Parsed) -> Iterator[tuple[int, int]]:
    return ((at, int(batch.rows[at])) for at in np.flatnonzero(batch.good).tolist())


def _dicts(batch: Parsed) -> list[dict[str, Any]]:
    names = list(batch.further)
    if not names:
        return [{} for _ in batch.rows]
    rows = zip(*([_plain(value) for value in column] for column in batch.further.values()), strict=True)
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def _plain(value: Any) -> Any:
    """Dates and instants as the text that JSON holds."""
    return value.isoformat() if isinstance(value, date) else value


def _when(micros: int | None) -> datetime | None:
    return None if micros is None else to_instant(micros)
