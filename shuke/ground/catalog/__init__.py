"""The merchant's products and categories."""

from shuke.ground.catalog.actions import ensure_products, put_products
from shuke.ground.catalog.queries import (
    NoSuchProduct,
    Product,
    get_product,
    list_categories,
    list_products,
    products_of,
)

__all__ = [
    "NoSuchProduct", "Product", "ensure_products", "get_product", "list_categories", "list_products", "products_of",
    "put_products",
]  # fmt: skip
