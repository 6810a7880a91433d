"""Digests on the console: the list, the file to keep elsewhere, and holding a kept one against ours."""

from __future__ import annotations

import msgspec
from litestar import Response, get, post

from shuke.assets.digests import queries
from shuke.kit import http, paging
from shuke.kit.db import Database
from shuke.kit.http import Caller

READ = [http.requires("points.read")]


class KeptBody(msgspec.Struct, forbid_unknown_fields=True):
    """Digests that were kept elsewhere: the text of the file, or lines of date and digest."""

    text: str


@get("/points/digests", guards=READ, responses=http.declares(paging.BadCursor))
async def list_digests(
    database: Database, caller: Caller, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """The daily digests of the ledger, the latest day first."""
    async with database.read(caller.merchant_id) as tx:
        return await queries.digests(tx, cursor, limit)


@get("/points/digests/export", guards=READ, media_type="text/csv")
async def export_digests(database: Database, caller: Caller) -> Response[bytes]:
    """All digests as a file: keep it where nobody who can change this ledger can reach."""
    async with database.read(caller.merchant_id) as tx:
        found = await queries.all_digests(tx)
    lines = [
        "day,links,entries,points,digest",
        *(f"{d.day},{d.links},{d.entries},{d.points},{d.digest}" for d in found),
    ]
    headers = {"Content-Disposition": 'attachment; filename="digests.csv"'}
    return Response("\r\n".join(lines).encode() + b"\r\n", media_type="text/csv; charset=utf-8", headers=headers)


@post("/points/digests/compare", guards=READ, status_code=200, responses=http.declares(queries.NothingToCompare))
async def compare_digests(database: Database, caller: Caller, data: KeptBody) -> queries.Compared:
    """Hold digests that were kept elsewhere against ours; what differs was changed on that day or before."""
    async with database.read(caller.merchant_id) as tx:
        return await queries.compare(tx, data.text)


routes = [list_digests, export_digests, compare_digests]
