"""The ledger as files: the finance figures of a period, and one member's statement."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import date, datetime
from typing import Annotated, Any, Literal

from litestar import Response, get
from litestar.params import QueryParameter

from shuke.assets import finance, points
from shuke.doors.screens import paper
from shuke.ground import access, members, tenancy
from shuke.kit import clock, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

Table = list[list[Any]]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FINANCE = {
    "zh": ["日期", "门店", "发放", "使用", "过期", "未使用", "发放（元）", "使用（元）", "过期（元）", "未使用（元）"],
    "en": ["Date", "Store", "Issued", "Used", "Expired", "Outstanding", "Issued (yuan)", "Used (yuan)", "Expired (yuan)",
           "Outstanding (yuan)"],
}  # fmt: skip
_STATEMENT = {
    "zh": ["时间", "变动", "之后余额", "原因", "来源编号"],
    "en": ["Time", "Change", "Balance after", "Why", "Key"],
}
_COUNTED = {
    "变动",
    "之后余额",
    "Change",
    "Balance after",
    "发放",
    "使用",
    "过期",
    "未使用",
    "Issued",
    "Used",
    "Expired",
    "Outstanding",
}
_PARTS = {
    "zh": ["可用", "待生效", "冻结", "欠分", "累计获得", "累计使用"],
    "en": ["Available", "Pending", "Held", "Debt", "Earned in total", "Spent in total"],
}
_NOBODY = {"zh": "会员", "en": "Member"}
PAGE = 200


@get(
    "/points/finance/export",
    guards=[http.requires("points.read")],
    responses=http.declares(points.NoSuchWallet),
    media_type=_XLSX,
)
async def export_finance(
    database: Database, caller: Caller, since: Annotated[date, QueryParameter(name="from")],
    until: Annotated[date, QueryParameter(name="to")], wallet: str = points.POINTS,
    kind: Annotated[Literal["csv", "xlsx"], QueryParameter(name="format")] = "xlsx",
) -> Response[bytes]:  # fmt: skip
    """The figures by business date and store as a file, in points and, where 100 points have a worth, in yuan; of stored
    credit in yuan."""
    unit = points.known_wallet(wallet)
    async with database.read(caller.merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
        rows = await finance.finance(tx, since, until, merchant.zone, merchant.day_start_minutes, wallet)
        stores = {store.store_id: store.name for store in await tenancy.list_stores(tx)}
    worth = merchant.settings.get("points", {}).get("value_fen_per_100") if wallet == points.POINTS else None
    table: Table = [_titles(_FINANCE, unit, _locale(caller))[: 6 if worth is None else 10]]
    for row in rows:
        figures = _told(unit, row.issued, row.used, row.expired, row.outstanding)
        money = [] if worth is None else [_yuan(figure, int(worth)) for figure in figures]
        table.append([f"{row.date}", stores.get(row.store_id, "—"), *figures, *money])
    return await _file(f"points-{since}-{until}", kind, table)


@get(
    "/members/{member_id:int}/statement",
    guards=[http.requires("points.read")],
    responses=http.declares(members.NoSuchMember, points.NoSuchWallet),
    media_type=_XLSX,
)
async def member_statement(
    database: Database, caller: Caller, member_id: int, wallet: str = points.POINTS,
    form: Annotated[Literal["xlsx", "pdf"], QueryParameter(name="format")] = "xlsx",
) -> Response[bytes]:  # fmt: skip
    """One member's movements with the balance after each, and what they hold now: a workbook or a PDF. Noted in the trail."""
    kind = points.known_wallet(wallet)
    now = clock.now()
    locale = _locale(caller)
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        merchant = await tenancy.get_merchant(tx)
        zone, names = merchant.zone, await members.names(tx, {member_id})
        held = await points.balance(tx, member_id, now, wallet)
        lines = await _movements(tx, member_id, kind, zone, locale)
    async with database.write(caller.merchant_id) as tx:
        after = {"wallet": wallet, "rows": len(lines)}
        await access.record(tx, caller, "points.stated", ("member", member_id), after=after, at=now)
    figures = _told(kind, held.available, held.pending, held.held, held.debt, held.earned_total, held.spent_total)
    if form == "pdf":
        told = (kind.zh if locale == "zh" else kind.en, names[member_id], merchant.name, _local(now, zone))
        titles = _titles(_STATEMENT, kind, locale)
        return await _paper(f"statement-{member_id}-{wallet}", locale, told, (titles, figures), lines)
    head: Table = [
        [kind.zh if locale == "zh" else kind.en, _local(now, zone)],
        *([name, figure] for name, figure in zip(_PARTS[locale], figures, strict=True)),
        [],
    ]
    return await _file(f"statement-{member_id}-{wallet}", "xlsx", [*head, _titles(_STATEMENT, kind, locale), *lines])


async def _paper(
    name: str,
    locale: str,
    told: tuple[str, members.MemberName, str, str],
    held: tuple[list[str], list[Any]],
    lines: Table,
) -> Response[bytes]:
    """The statement as a person is handed it: who it is for, what they hold, and every movement."""
    (wallet, member, shop, now), (titles, figures) = told, held
    who = f"{member.name or _NOBODY[locale]} {member.phone_masked or ''}".strip()
    facts = [(part, _figure(figure)) for part, figure in zip(_PARTS[locale], figures, strict=True)]
    columns = [
        paper.Column(title, width, end)
        for title, width, end in zip(titles[:4], (108, 60, 66, 277), (False, True, True, False), strict=True)
    ]
    rows = [[line[0], _figure(line[1], "+"), _figure(line[2]), f"{line[3]}"] for line in lines]
    title = f"{who} · {wallet}" if locale == "en" else f"{who}　{wallet}对账单"
    made = await asyncio.to_thread(paper.table, title, facts, columns, rows, f"{shop}  {now}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return Response(made, media_type="application/pdf", headers=headers)


def _told(kind: points.Wallet, *figures: int) -> list[Any]:
    """Figures of a wallet as people read them: of money in yuan, with the sign and two decimals, else whole."""
    return [figure / 100 for figure in figures] if kind.money else list(figures)


def _titles(named: dict[str, list[str]], kind: points.Wallet, locale: str) -> list[str]:
    """The heads of the columns; those of a wallet of money say yuan."""
    unit = {"zh": "（元）", "en": " (yuan)"}[locale] if kind.money else ""
    return [name + (unit if name in _COUNTED else "") for name in named[locale]]


def _figure(figure: int | float, sign: str = "") -> str:
    """On paper: yuan have two decimals."""
    return f"{figure:{sign},.2f}" if isinstance(figure, float) else f"{figure:{sign},}"


async def _movements(tx: Tx, member_id: int, kind: points.Wallet, zone: str, locale: str) -> Table:
    lines: Table = []
    cursor: str | None = None
    while True:
        page = await points.entries_of(tx, member_id, cursor, PAGE, kind.code)
        lines += [
            [
                _local(one.occurred_at, zone),
                *_told(kind, one.points, one.balance_after),
                getattr(one.why, locale),
                one.source_key,
            ]
            for one in page.items
        ]
        cursor = page.next_cursor
        if cursor is None:
            return lines


def _locale(caller: Caller) -> str:
    return "zh" if caller.locale == "zh" else "en"


def _local(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(clock.zone(zone)):%Y-%m-%d %H:%M:%S}"


def _yuan(figure: int, fen_per_100: int) -> float:
    """Whole fen, downwards, shown in yuan."""
    return figure * fen_per_100 // 100 / 100


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


async def _file(name: str, kind: str, table: Table) -> Response[bytes]:
    made = await asyncio.to_thread(
        _csv if kind == "csv" else _workbook, [[_safe(cell) for cell in row] for row in table]
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Cache-Control": "no-store"}
    return Response(made, media_type="text/csv; charset=utf-8" if kind == "csv" else _XLSX, headers=headers)


def _csv(table: Table) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _workbook(table: Table) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("积分")

    def cell(value: Any) -> Any:
        if not isinstance(value, float):
            return value
        made = WriteOnlyCell(sheet, value)
        made.number_format = "#,##0.00"
        return made

    for row in table:
        sheet.append([cell(value) for value in row])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


routes = [export_finance, member_statement]
