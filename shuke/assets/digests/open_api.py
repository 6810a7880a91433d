"""Digests by the API, for whoever keeps them outside."""

from __future__ import annotations

from litestar import get

from shuke.assets.digests import queries
from shuke.kit import http, paging
from shuke.kit.db import Database
from shuke.kit.http import Caller


@get("/points/digests", guards=[http.requires("points.read")], responses=http.declares(paging.BadCursor))
async def read_digests(
    database: Database, caller: Caller, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """The ledger's daily digests · 账本每日摘要, the latest first. Fetch and keep them outside: they prove later that nothing
    older was changed."""
    async with database.read(caller.merchant_id) as tx:
        return await queries.digests(tx, cursor, limit)


routes = [read_digests]
