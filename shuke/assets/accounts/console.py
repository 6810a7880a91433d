"""Points on the console: a member's movements and lots, and the ledger."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.params import QueryParameter

from shuke.assets import points
from shuke.assets.points import POINTS
from shuke.ground import members, tenancy
from shuke.kit import clock, errors, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller
from shuke.kit.kinds import Sentence

READ = [http.requires("points.read")]


class BadType(errors.Refused):
    """There is no type of entry "{type}"; known are: {known}."""

    code = "unknown_entry_type"
    http_status = 422
    zh = "没有「{type}」这种积分明细，可用的有：{known}"
    cure = "Use one of the known types."
    cure_zh = "请改用列出的类型。"


class WalletShape(msgspec.Struct, frozen=True):
    """A unit that accounts are kept in: its name and what it is counted in, in both languages."""

    code: str
    name: Sentence
    unit: Sentence
    gift: bool


class BalanceShape(msgspec.Struct, frozen=True):
    """The parts of a balance at an instant, as known at another."""

    as_of: datetime
    known_at: datetime | None
    wallet: str
    balance: points.Balance


@get("/points/wallets", guards=READ)
async def list_wallets() -> dict[str, list[WalletShape]]:
    """The units of the ledger; every route of a balance or movement takes one of them as `wallet`."""
    shapes = [
        WalletShape(one.code, Sentence(one.zh, one.en), Sentence(one.unit_zh, one.unit_en), one.gift)
        for one in points.WALLETS
    ]
    return {"items": shapes}


@get("/members/{member_id:int}/balance", guards=READ, responses=http.declares(points.NoSuchWallet))
async def member_balance(database: Database, caller: Caller, member_id: int, wallet: str = POINTS) -> points.Balance:
    """The parts of a member's balance now."""
    points.known_wallet(wallet)
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return await points.balance(tx, member_id, clock.now(), wallet)


@get(
    "/members/{member_id:int}/balance-at",
    guards=READ,
    responses=http.declares(points.NoSuchWallet, points.NotYet, members.NoSuchMember),
)
async def member_balance_at(
    database: Database, caller: Caller, member_id: int, at: str, known: Literal["now", "then"] = "now",
    wallet: str = POINTS,
) -> BalanceShape:  # fmt: skip
    """The parts of a member's balance at a past instant: with all that is known now, or only what was recorded by then.

    `at` is an instant, or a date, which stands for the end of that business date.
    """
    points.known_wallet(wallet)
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        merchant = await tenancy.get_merchant(tx)
        return await balance_at(tx, member_id, _instant(at, merchant, 1, "at"), known, wallet)


async def balance_at(tx: Tx, member_id: int, at: datetime | None, known: str, wallet: str) -> BalanceShape:
    """A member's balance at `at`, which must not lie ahead."""
    now = clock.now()
    assert at is not None
    at = min(at, now) if at <= now + timedelta(days=1) else at  # today, as a date, is today so far
    if at > now:
        raise points.NotYet(field="at")
    known_at = at if known == "then" else None
    found = await points.balances_at(tx, [member_id], at, known_at, wallet)
    return BalanceShape(at, known_at, wallet, found[member_id])


@get("/members/{member_id:int}/entries", guards=READ, responses=http.declares(points.NoSuchWallet))
async def member_entries(
    database: Database, caller: Caller, member_id: int, cursor: str | None = None, limit: int | None = None,
    wallet: str = POINTS,
) -> paging.Page:  # fmt: skip
    """A member's movements, latest first, each with the balance after it and why."""
    points.known_wallet(wallet)
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return await points.entries_of(tx, member_id, cursor, limit, wallet)


@get("/members/{member_id:int}/lots", guards=READ, responses=http.declares(points.NoSuchWallet))
async def member_lots(
    database: Database, caller: Caller, member_id: int, used: bool = False, wallet: str = POINTS
) -> paging.Page:
    """A member's lots in the order in which they will be spent; `used` shows emptied ones too."""
    points.known_wallet(wallet)
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        lots = await points.lots_of(tx, member_id, wallet, include_used=used)
    return paging.Page(items=lots, total=len(lots))


@get("/points/ledger", guards=READ)
async def points_ledger(
    database: Database, caller: Caller, type: str | None = None,
    since: Annotated[str | None, QueryParameter(name="from")] = None,
    until: Annotated[str | None, QueryParameter(name="to")] = None, member: int | None = None, cursor: str | None = None,
) -> paging.Page:  # fmt: skip
    """Movements of all members, latest recorded first; `from` and `to` are dates (both included) or instants."""
    types = _types(type)
    async with database.read(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        page = await points.ledger(
            tx, types=types, since=_instant(since, merchant, 0, "from"), until=_instant(until, merchant, 1, "to"),
            member_id=member, cursor=cursor,
        )  # fmt: skip
        return await _with_names(tx, page)


def _types(asked: str | None) -> list[str] | None:
    if not asked:
        return None
    types = asked.split(",")
    for name in types:
        if name not in points.ENTRY_TYPES:
            raise BadType(field="type", type=name, known=", ".join(points.ENTRY_TYPES))
    return types


def _instant(text: str | None, merchant: tenancy.MerchantSettings, days_later: int, field: str) -> datetime | None:
    if not text:
        return None
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=days_later)
            return clock.day_starts(day, merchant.zone, merchant.day_start_minutes)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise errors.Malformed(
            reason=f"'{text}' is not a date", reason_zh=f"「{text}」不是日期", field=field
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=clock.zone(merchant.zone))


async def _with_names(tx: Tx, page: paging.Page) -> paging.Page:
    names = await members.names(tx, {entry.member_id for entry in page.items})
    items = [
        {
            **msgspec.structs.asdict(entry),
            "member_name": names[entry.member_id].name if entry.member_id in names else "",
        }
        for entry in page.items
    ]
    return paging.Page(items=items, next_cursor=page.next_cursor, total=page.total)


routes = [
    list_wallets, member_balance, member_balance_at, member_entries, member_lots, points_ledger
]  # fmt: skip
