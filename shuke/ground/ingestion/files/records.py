"""Typed rows into records: orders and refunds with their lines, members, events, products."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from shuke.ground.ingestion.files import grouping
from shuke.ground.ingestion.files.instants import to_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from shuke.ground.ingestion.files.reading import Parsed

SOURCE = "import"
"""The source of whatever a file brings, unless a column says otherwise."""


class FileLine(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One sold item of an order or refund; money in fen, net of discounts."""

    sku: str
    quantity: int
    amount_fen: int
    list_fen: int | None = None
    discount_fen: int | None = None
    product: str = ""
    category: str = ""
    brand: str = ""


class FileOrder(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One order as a file tells it; `rows` are the rows it came from. Empty member and phone: a guest."""

    rows: list[int]
    source: str
    order_id: str
    occurred_at: datetime
    member_id: str
    phone: str
    store_id: str
    channel: str
    amount_fen: int
    lines: list[FileLine]
    list_fen: int | None = None
    discount_fen: int | None = None
    coupon_code: str = ""
    payments: dict[str, int] = {}


class FileRefund(msgspec.Struct, frozen=True, omit_defaults=True):
    """One refund as a file tells it."""

    rows: list[int]
    source: str
    refund_id: str
    order_id: str
    occurred_at: datetime
    amount_fen: int
    lines: list[FileLine]


class FileMember(msgspec.Struct, frozen=True, omit_defaults=True):
    """One member as a file tells it."""

    row: int
    member_id: str
    phone: str
    name: str
    joined_at: datetime | None
    attributes: dict[str, Any]


class FileEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event as a file tells it."""

    row: int
    source: str
    event_id: str
    occurred_at: datetime
    member_id: str
    phone: str
    store_id: str
    channel: str
    event: str
    properties: dict[str, Any]


class FileProduct(msgspec.Struct, frozen=True, omit_defaults=True):
    """One product as a file tells it."""

    row: int
    sku: str
    product: str
    category: str
    brand: str
    price_fen: int | None


def orders(table: pa.Table) -> list[FileOrder]:
    """The orders of sorted rows; a row without a SKU adds to the order's amount but is no line of it."""
    cells = {name: table[name].to_pylist() for name in table.column_names}
    lines = _lines(cells)
    return [_order(cells, lines, start, stop) for start, stop in _spans(table)]


def refunds(table: pa.Table) -> list[FileRefund]:
    """The refunds of sorted rows; a row without a SKU takes back money and names no line."""
    cells: dict[str, list[Any]] = {name: table[name].to_pylist() for name in table.column_names}
    cells |= dict.fromkeys(("list_amount", "discount"), [None] * table.num_rows)
    cells |= dict.fromkeys(_WORDS, [""] * table.num_rows)
    lines = _lines(cells)
    built = []
    for start, stop in _spans(table):
        sold = [line for line in lines[start:stop] if line is not None]
        refund = FileRefund(
            rows=cells["row"][start:stop],
            source=cells["source"][start] or SOURCE,
            refund_id=cells["refund_id"][start],
            order_id=cells["order_id"][start],
            occurred_at=to_instant(cells["at"][start]),
            amount_fen=sum(cells["amount"][start:stop]),
            lines=sold,
        )
        built.append(refund)
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


def events(batch: Parsed) -> list[FileEvent]:
    """The good rows as events; empty cells are no properties."""
    cells = {name: batch.columns[name].to_pylist() for name in batch.columns}
    further = _dicts(batch)
    built = []
    for at, row in _good(batch):
        occurred_at = to_instant(cells["occurred_at"][at])
        event = FileEvent(
            row=row,
            source=cells["source"][at] or SOURCE,
            occurred_at=occurred_at,
            properties=further[at],
            **{name: cells[name][at] for name in _EVENT_TEXTS},
        )
        built.append(event)
    return built


def products(batch: Parsed) -> list[FileProduct]:
    """The good rows as products."""
    cells = {name: batch.columns[name].to_pylist() for name in batch.columns}
    return [
        FileProduct(row, *(cells[name][at] for name in ("sku", "product", "category", "brand", "price")))
        for at, row in _good(batch)
    ]


_EVENT_TEXTS = ("event_id", "member_id", "phone", "store_id", "channel", "event")
_WORDS = ("product", "category", "brand")


def _order(cells: dict[str, list[Any]], lines: list[FileLine | None], start: int, stop: int) -> FileOrder:
    amounts = cells["amount"][start:stop]
    return FileOrder(
        rows=cells["row"][start:stop],
        source=cells["source"][start] or SOURCE,
        order_id=cells["order_id"][start],
        occurred_at=to_instant(cells["at"][start]),
        member_id=cells["member_id"][start],
        phone=cells["phone"][start],
        store_id=cells["store_id"][start],
        channel=cells["channel"][start],
        amount_fen=sum(amounts),
        lines=[line for line in lines[start:stop] if line is not None],
        list_fen=_total(cells["list_amount"][start:stop]),
        discount_fen=_total(cells["discount"][start:stop]),
        coupon_code=cells["coupon_code"][start],
        payments=_payments(cells["payment_method"][start:stop], amounts),
    )


def _lines(cells: dict[str, list[Any]]) -> list[FileLine | None]:
    columns = ("sku", "quantity", "amount", "list_amount", "discount", *_WORDS)
    return [FileLine(*values) if values[0] else None for values in zip(*(cells[name] for name in columns), strict=True)]


def _spans(table: pa.Table) -> Iterator[tuple[int, int]]:
    starts = grouping.boundaries(table)
    return zip(starts.tolist(), np.r_[starts[1:], table.num_rows].astype(int).tolist(), strict=True)


def _total(amounts: list[int | None]) -> int | None:
    told = [amount for amount in amounts if amount is not None]
    return sum(told) if len(told) == len(amounts) else None


def _payments(methods: list[str], amounts: list[int]) -> dict[str, int]:
    if not any(methods):
        return {}
    paid: dict[str, int] = {}
    for method, amount in zip(methods, amounts, strict=True):
        if method:
            paid[method] = paid.get(method, 0) + amount
    return paid


def _good(batch: Parsed) -> Iterator[tuple[int, int]]:
    return ((at, int(batch.rows[at])) for at in np.flatnonzero(batch.good).tolist())


def _dicts(batch: Parsed) -> list[dict[str, Any]]:
    names = list(batch.further)
    if not names:
        return [{} for _ in batch.rows]
    rows = zip(*batch.further.values(), strict=True)
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def _when(micros: int | None) -> datetime | None:
    return None if micros is None else to_instant(micros)
