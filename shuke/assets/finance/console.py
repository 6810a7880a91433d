"""The figures on the console: the summary, and by business date and store."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import QueryParameter

from shuke.assets import points
from shuke.assets.finance import queries
from shuke.assets.points import POINTS
from shuke.ground import tenancy
from shuke.kit import clock, errors, http
from shuke.kit.db import Database
from shuke.kit.http import Caller

READ = [http.requires("points.read")]


class Expiry(msgspec.Struct, frozen=True):
    """So many points of so many members run out at that instant."""

    points: int
    members: int
    expires_at: datetime


@get("/points/summary", guards=READ)
async def points_summary(request: Request, database: Database, days: int = 90) -> dict[str, Any]:
    """Issued, used, expired, outstanding: since the beginning and by day; what runs out within 90 days."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.read(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        found = await queries.figures(tx, at, max(1, min(days, 800)), merchant.zone, merchant.day_start_minutes)
        ends = await points.expiries(tx, at, at + timedelta(days=90))
    worth = merchant.settings.get("points", {}).get("value_fen_per_100")
    value = None if worth is None else found.outstanding * int(worth) // 100
    expiring = [Expiry(points, people, end) for end, points, people in ends]
    return {
        **msgspec.to_builtins(found, builtin_types=(datetime, date)),
        "value_fen_outstanding": value,
        "expiring": expiring,
    }


class FinanceShape(msgspec.Struct, frozen=True):
    """Figures by business date and store; `value_fen_per_100` is what 100 points are worth, where the merchant says so."""

    as_of: datetime
    since: date
    until: date
    value_fen_per_100: int | None
    rows: list[queries.StoreFigures]
    stores: dict[int, str]


@get("/points/finance", guards=READ, responses=http.declares(points.NoSuchWallet, errors.Malformed))
async def points_finance(
    database: Database, caller: Caller, since: Annotated[date, QueryParameter(name="from")],
    until: Annotated[date, QueryParameter(name="to")], wallet: str = POINTS,
) -> FinanceShape:  # fmt: skip
    """Issued, used, expired and outstanding, by business date and store, from the sums by day."""
    points.known_wallet(wallet)
    async with database.read(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        rows = await queries.finance(tx, since, until, merchant.zone, merchant.day_start_minutes, wallet)
        stores = {store.store_id: store.name for store in await tenancy.list_stores(tx)}
    worth = merchant.settings.get("points", {}).get("value_fen_per_100")
    return FinanceShape(clock.now(), since, until, worth, rows, stores)


routes = [points_summary, points_finance]
