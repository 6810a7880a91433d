"""Routes of the catalogue for staff."""

from litestar import get

from shuke.ground.catalog import queries
from shuke.kit import http, paging
from shuke.kit.db import Database
from shuke.kit.http import Caller, requires


@get("/products", guards=[requires("members.read")], responses=http.declares(paging.BadCursor))
async def list_products(
    database: Database, caller: Caller, category: str | None = None, cursor: str | None = None, limit: int = 50
) -> paging.Page:
    """Products by SKU."""
    async with database.read(caller.merchant_id) as tx:
        return await queries.list_products(tx, category=category, cursor=cursor, limit=paging.limited(limit))


@get("/products/categories", guards=[requires("members.read")])
async def list_categories(database: Database, caller: Caller) -> dict[str, list[str]]:
    """All categories that have products."""
    async with database.read(caller.merchant_id) as tx:
        return {"items": await queries.list_categories(tx)}


routes = [list_products, list_categories]
