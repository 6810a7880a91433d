"""Members of a segment, now or at an instant, as a file: CSV in pieces, or a workbook."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

from litestar import Request, Response, get
from litestar.response import Stream
from pyroaring import BitMap

from shuke.ground import members
from shuke.ground import mirror as columns
from shuke.insight import grammar, segments
from shuke.insight.outlook.queries import times
from shuke.kit import clock, http
from shuke.kit.db import Database

EXPORT = [http.requires("members.export"), http.requires("segments.read")]
PIECE = 2_000
HEAD = ("member_id", "external_id", "name", "phone", "points_available", "last_order_at")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@get("/segments/{slug:str}/export", guards=EXPORT)
async def export_members(
    request: Request, database: Database, mirror: Any, slug: str, format: Literal["csv", "xlsx"] = "csv",
    at: datetime | None = None,
) -> Response:  # fmt: skip
    """All members of the last refresh, or who was in at an instant, as CSV in pieces or as a workbook."""
    merchant_id, columnar = http.caller_of(request).merchant_id, columns.opened(mirror)
    async with database.read(merchant_id) as tx:
        found = await segments.get_segment(tx, slug)
        then = None if at is None else await times.inside_then(tx, columnar, slug, at)
        on = "" if at is None else f"-{(await grammar.moment_of(tx, at)).day}"
    told = _pieces(database, columnar, merchant_id, slug, then, at)
    headers = {"Content-Disposition": f'attachment; filename="{found.slug}{on}.{format}"'}
    if format == "xlsx":
        rows = [row async for piece in told for row in piece]
        return Response(await asyncio.to_thread(_workbook, rows), media_type=XLSX, headers=headers)

    async def lines() -> AsyncIterator[str]:
        yield "\ufeff" + _line(HEAD)
        async for piece in told:
            yield "".join(_line(row) for row in piece)

    return Stream(lines(), media_type="text/csv; charset=utf-8", headers=headers)


async def _pieces(
    database: Database, columnar: Any, merchant_id: int, slug: str, then: BitMap | None, at: datetime | None
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Rows of all members by number: of those given as they were at that instant, else of those who are in now."""
    after = 0
    while True:
        async with database.read(merchant_id) as tx:
            if then is None:
                numbers = await segments.members_after(tx, slug, after, PIECE)
            else:
                numbers = list(then[then.rank(after) : then.rank(after) + PIECE])
            moment = await grammar.moment_of(tx, at or clock.now())
            shown = await segments.sampled(tx, columnar, moment, numbers)
            outside = await members.outside_ids(tx, numbers)
        yield [
            (one.member_id, " ".join(outside.get(one.member_id, ())), one.name, one.phone_masked, one.points_available,
             one.last_order_at)
            for one in shown
        ]  # fmt: skip
        if len(numbers) < PIECE:
            return
        after = numbers[-1]


def _told(value: Any) -> str:
    """A value as text; one that a spreadsheet would take for a formula is defused."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _line(values: tuple[Any, ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([_told(value) for value in values])
    return written.getvalue()


def _workbook(rows: list[tuple[Any, ...]]) -> bytes:
    import openpyxl  # only where somebody takes out a workbook

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("members")
    sheet.append(list(HEAD))
    for row in rows:
        sheet.append([value if isinstance(value, int) else _told(value) for value in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


routes = [export_members]
