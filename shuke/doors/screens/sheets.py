"""Lists as files: CSV that Excel opens with Chinese intact, and workbooks; written in slices, so that memory stays small."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from litestar.response import Stream

from shuke.doors.screens.roster import MemberRow
from shuke.kit import clock, errors

COLUMNS: dict[str, tuple[str, str]] = {
    "member_id": ("会员编号", "Member"), "name": ("姓名", "Name"), "phone": ("手机号", "Phone"), "tier": ("等级", "Tier"),
    "points": ("可用积分", "Points"), "orders": ("订单数", "Orders"), "amount": ("累计消费（元）", "Spent (yuan)"),
    "last_order": ("最近消费", "Last order"), "joined": ("入会时间", "Joined"),
}  # fmt: skip
_KINDS = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_CHUNK = 256 * 1024
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UnknownColumn(errors.Refused):
    """There is no column "{column}"; known are: {known}."""

    code = "unknown_column"
    http_status = 422
    zh = "没有「{column}」这一列，可用的有：{known}。"
    cure = "Take columns from that list, separated by commas."
    cure_zh = "请从这些列中选择，用英文逗号隔开。"


def chosen(names: str) -> list[str]:
    """The wanted columns in their order, all by default; refuses unknown ones."""
    wanted = [name for name in names.split(",") if name] or list(COLUMNS)
    for name in wanted:
        if name not in COLUMNS:
            raise UnknownColumn(field="columns", column=name, known=", ".join(COLUMNS))
    return wanted


def line(row: MemberRow, phone: str | None, zone: str) -> dict[str, Any]:
    """A member as cells."""
    return {
        "member_id": row.member_id, "name": row.name, "phone": phone or row.phone_masked or "", "tier": row.tier.name,
        "points": row.points_available, "orders": row.orders_count, "amount": row.amount_fen / 100,
        "last_order": _local(row.last_order_at, zone), "joined": _local(row.joined_at, zone),
    }  # fmt: skip


def _local(instant: datetime | None, zone: str) -> str:
    return f"{instant.astimezone(clock.zone(zone)):%Y-%m-%d %H:%M:%S}" if instant else ""


def stream(
    kind: str,
    name: str,
    columns: Sequence[str],
    parts: AsyncIterator[list[dict[str, Any]]],
    locale: str,
    titles: Mapping[str, tuple[str, str]] = COLUMNS,
) -> Stream:
    """The file as a response; `titles` are the heads of its columns, in Chinese and English."""
    head = [titles[column][0 if locale == "zh" else 1] for column in columns]
    body = _csv(head, columns, parts) if kind == "csv" else _workbook(head, columns, parts)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Cache-Control": "no-store"}
    return Stream(body, media_type=_KINDS[kind], headers=headers)


def _safe(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula is shown as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


async def _csv(
    head: Sequence[str], columns: Sequence[str], parts: AsyncIterator[list[dict[str, Any]]]
) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + _csv_lines([head])
    async for part in parts:
        yield _csv_lines([[_safe(cells[column]) for column in columns] for cells in part])


def _csv_lines(lines: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


async def _workbook(
    head: Sequence[str], columns: Sequence[str], parts: AsyncIterator[list[dict[str, Any]]]
) -> AsyncIterator[bytes]:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(head))
    async for part in parts:
        await asyncio.to_thread(_append, sheet, [[_safe(cells[column]) for column in columns] for cells in part])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        await asyncio.to_thread(book.save, path)
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk


def _append(sheet: Any, lines: Sequence[Sequence[Any]]) -> None:
    for cells in lines:
        sheet.append(list(cells))
