"""Excel workbooks (.xlsx): the first sheet that holds something, streamed; its first filled row is the header."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa

from shuke.ground.ingestion.formats.source import Chunk, Source, Unreadable, fingerprint, named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 10_000


def inspect(path: Path) -> Source:
    """Open the workbook and find the sheet and its header."""
    with closing(_load(str(path))) as book:
        for sheet in book.worksheets:
            for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
                header = list(row)
                while header and header[-1] is None:
                    header.pop()
                if not header:
                    continue
                rows = None if sheet.max_row is None else max(sheet.max_row - number, 0)
                names = tuple(named([_text(cell) or "" for cell in header]))
                details = {"sheet": sheet.title, "header_row": number}
                return Source(
                    str(path), "xlsx", names, rows, fingerprint(path), first_row=number + 1, approximate=True,
                    details=details,
                )  # fmt: skip
    raise Unreadable(reason="no sheet holds anything.", reason_zh="工作表都是空的。")


def chunks(source: Source) -> Iterator[Chunk]:
    """All rows as text columns; numbers in the fifteen digits that Excel itself shows, dates as ISO 8601."""
    width = len(source.columns)
    with closing(_load(source.path)) as book:
        sheet = book[source.details["sheet"]]
        rows: list[list[str | None]] = []
        numbers: list[int] = []
        for number, row in enumerate(sheet.iter_rows(min_row=source.first_row, values_only=True), source.first_row):
            cells = [_text(cell) for cell in row[:width]]
            if not any(cells):
                continue
            rows.append(cells + [None] * (width - len(cells)))
            numbers.append(number)
            if len(rows) == ROWS:
                yield _chunk(source, rows, numbers)
                rows, numbers = [], []
        if rows:
            yield _chunk(source, rows, numbers)


def _chunk(source: Source, rows: list[list[str | None]], numbers: list[int]) -> Chunk:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return Chunk(pa.record_batch(columns, names=list(source.columns)), np.array(numbers))


def _load(path: str) -> Any:
    import openpyxl  # only where somebody brings a workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
        raise Unreadable(
            reason="it is not an .xlsx workbook (an old .xls, a protected or a damaged file?).",
            reason_zh="不是 .xlsx 表格（可能是旧版 .xls、加密或已损坏的文件）。",
        ) from error


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{cell:.15g}" if cell != int(cell) or abs(cell) >= 1e15 else str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)
