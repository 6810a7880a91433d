"""A file as it lies there: its columns, how many rows to expect, and its rows in batches of columns."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shuke.kit.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

BATCH_ROWS = 65_536


class Unreadable(Refused):
    """This file cannot be read: {reason}"""

    code = "unreadable_file"
    http_status = 422
    zh = "这个文件读不了：{reason_zh}"
    cure = "Save it again as CSV (UTF-8) or .xlsx, or take our template."
    cure_zh = "请另存为 CSV(UTF-8)或 .xlsx 再试，也可以下载模板填写。"


class Source(msgspec.Struct, frozen=True):
    """A file that was looked at once. `first_row` is the number people see beside its first record."""

    path: str
    format: str
    columns: tuple[str, ...]
    rows: int | None
    fingerprint: str
    first_row: int = 1
    approximate: bool = False
    details: dict[str, Any] = {}


class Chunk(msgspec.Struct):
    """Some rows: a batch of columns, each row's number, and which positions are broken (code, value, limit)."""

    table: pa.RecordBatch
    rows: np.ndarray
    broken: dict[int, tuple[str, str, int]] = {}


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes: the same content is the same import."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def named(titles: list[str]) -> list[str]:
    """Column names from a header: trimmed, none empty, none twice."""
    names: list[str] = []
    for position, title in enumerate(titles, 1):
        name = " ".join(str(title).split()) or f"列{position}"
        while name in names:
            name += "'"
        names.append(name)
    return names


def without_blanks(chunk: Chunk) -> Chunk:
    """The chunk without rows that hold nothing at all, which spreadsheets leave behind."""
    blank: np.ndarray | None = None
    for column in chunk.table.columns:
        empty = pc.equal(pc.fill_null(column, ""), "") if pa.types.is_string(column.type) else pc.is_null(column)
        here = empty.to_numpy(zero_copy_only=False)
        blank = here if blank is None else blank & here
        if not blank.any():
            return chunk
    if blank is None:
        return chunk
    keep = ~blank
    keep[list(chunk.broken)] = True
    moved = np.cumsum(keep) - 1
    return Chunk(
        chunk.table.filter(pa.array(keep)),
        chunk.rows[keep],
        {int(moved[position]): flaw for position, flaw in chunk.broken.items()},
    )
