"""Verbs on products."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from shuke.ground import tenancy
from shuke.ground.catalog import models
from shuke.kit.db import Tx

COLUMNS = ("name", "category", "brand", "price_fen")


async def ensure_products(tx: Tx, products: Iterable[Mapping[str, Any]], at: datetime) -> int:
    """Create the products (sku, and name, category, brand, price_fen where known) that do not exist; one statement.

    Existing ones stay as they are: a receipt does not rename a product. Repeatable; returns how many are new.
    """
    return await _written(tx, await tx.insert(models.Product, _rows(products, at), conflict="ignore"))


async def put_products(tx: Tx, products: Iterable[Mapping[str, Any]], at: datetime) -> int:
    """Create the products or bring them to what the list says; one statement. Repeatable; returns how many are new or differ."""
    rows = _rows(products, at)
    known = await tx.rows(
        "select sku, name, category, brand, price_fen from product where merchant_id = %(merchant_id)s "
        "and sku = any(%(skus)s) order by sku for update",
        skus=[row["sku"] for row in rows],
    )
    same = {row.sku: (row.name, row.category, row.brand, row.price_fen) for row in known}
    changed = [row for row in rows if same.get(row["sku"]) != tuple(row[column] for column in COLUMNS)]
    return await _written(tx, await tx.insert(models.Product, changed, conflict=f"update:{','.join(COLUMNS)}"))


async def _written(tx: Tx, count: int) -> int:
    """The write path remembers products; it is told when they change."""
    if count:
        await tenancy.tell_processes(tx)
    return count


def _rows(products: Iterable[Mapping[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """The last mention of a SKU counts."""
    rows = {
        product["sku"]: {
            "sku": product["sku"], "name": product.get("name") or "", "category": product.get("category") or "",
            "brand": product.get("brand") or "", "price_fen": product.get("price_fen"), "created_at": at,
        }
        for product in products
    }  # fmt: skip
    return [rows[sku] for sku in sorted(rows)]
