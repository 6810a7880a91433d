"""Questions about products."""

from typing import Any

import msgspec

from shuke.kit import errors, paging
from shuke.kit.db import Tx


class NoSuchProduct(errors.NotFound):
    """There is no product "{sku}"."""

    code = "no_such_product"
    zh = "没有商品「{sku}」。"

    def __init__(self, sku: str, **facts: Any) -> None:
        errors.Refused.__init__(self, sku=sku, **facts)


class Product(msgspec.Struct, frozen=True):
    """One thing the merchant sells; the price is in fen."""

    sku: str
    name: str
    category: str
    brand: str
    price_fen: int | None
    attributes: dict[str, Any]


_PRODUCT = "select sku, name, category, brand, price_fen, attributes from product where merchant_id = %(merchant_id)s"


async def get_product(tx: Tx, sku: str) -> Product:
    """One product; refuses `NoSuchProduct`."""
    row = await tx.one(f"{_PRODUCT} and sku = %(sku)s", sku=sku)
    if row is None:
        raise NoSuchProduct(sku)
    return Product(*row)


async def products_of(tx: Tx, skus: list[str]) -> dict[str, Product]:
    """The products among these SKUs, by SKU."""
    return {row.sku: Product(*row) for row in await tx.rows(f"{_PRODUCT} and sku = any(%(skus)s)", skus=skus)}


async def list_products(
    tx: Tx, *, category: str | None = None, cursor: str | None = None, limit: int = 50
) -> paging.Page:
    """Products by SKU, of one category or all."""
    after = paging.decode(cursor, 1)
    rows = await tx.rows(
        f"{_PRODUCT} and sku > %(after)s and (%(category)s::text is null or category = %(category)s) "
        "order by sku limit %(limit)s",
        after=after[0] if after else "", category=category or None, limit=limit + 1,
    )  # fmt: skip
    return paging.page([Product(*row) for row in rows], limit, lambda product: [product.sku])


async def list_categories(tx: Tx) -> list[str]:
    """The names of all categories that have products, sorted."""
    rows = await tx.rows(
        "select distinct category from product where merchant_id = %(merchant_id)s and category <> '' order by category"
    )
    return [row.category for row in rows]
