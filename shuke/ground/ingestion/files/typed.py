"""Columns of a declared type: what attributes and properties become (text unless declared otherwise)."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from shuke.ground.ingestion.files import cells
from shuke.ground.ingestion.files.instants import instants, parse, to_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

Type = Literal["text", "integer", "number", "boolean", "date", "datetime", "list", "money"]

LONGEST = 2_000
NAMES: dict[str, Type] = {
    "text": "text", "str": "text", "string": "text", "文本": "text",
    "integer": "integer", "int": "integer", "int64": "integer", "long": "integer", "整数": "integer",
    "number": "number", "float": "number", "double": "number", "decimal": "number", "numeric": "number",
    "数字": "number", "小数": "number",
    "boolean": "boolean", "bool": "boolean", "是否": "boolean",
    "date": "date", "日期": "date",
    "datetime": "datetime", "timestamp": "datetime", "time": "datetime", "instant": "datetime", "时间": "datetime",
    "list": "list", "array": "list", "set": "list", "列表": "list",
    "money": "money", "yuan": "money", "金额": "money",
}  # fmt: skip
"""What a person may write for a type."""

_WORDS = {
    "true": True, "yes": True, "y": True, "1": True, "是": True, "有": True, "真": True, "t": True,
    "false": False, "no": False, "n": False, "0": False, "否": False, "无": False, "没有": False, "f": False,
}  # fmt: skip


def values(column: pa.Array, kind: Type, zone_name: str) -> tuple[list[Any], cells.Codes]:
    """The cells as Python values of that type; an empty cell is None whatever the type. Money comes in fen."""
    texts = cells.text(column)
    written = texts.to_pylist()
    if kind in {"text", "list"}:
        bad = cells.unstorable(texts)
        bad += [(position, "too_long") for position, cell in enumerate(written) if len(cell) > LONGEST]
        if bad or kind == "text":
            return [cell or None for cell in written], bad
    if kind == "datetime":
        micros, codes = instants(column, zone_name)
        moments = [to_instant(moment) if cell else None for cell, moment in zip(written, micros.tolist(), strict=True)]
        return moments, [(position, code) for position, code in codes if written[position]]
    read, code = _READERS[kind]
    result: list[Any] = []
    bad = []
    for position, cell in enumerate(written):
        try:
            result.append(read(cell) if cell else None)
        except (ValueError, ArithmeticError, KeyError, msgspec.DecodeError):
            result.append(None)
            bad.append((position, code))
    return result, bad


def _integer(cell: str) -> int:
    whole = float(cell.replace(",", "")) if "." in cell else int(cell.replace(",", ""))
    if whole != int(whole):
        raise ValueError(cell)
    return int(whole)


def _number(cell: str) -> float:
    number = float(cell.replace(",", ""))
    if not math.isfinite(number):
        raise ValueError(cell)
    return number


def _date(cell: str) -> date:
    return parse(cell, None).date()


def _list(cell: str) -> list[str]:
    if cell.startswith("["):
        return [str(item) for item in msgspec.json.decode(cell, type=list[Any])]
    return [part.strip() for part in re.split(r"[;\uff1b,\uff0c、|]", cell) if part.strip()]


def _money(cell: str) -> int:
    return cells.fen_of(cell, False, "yuan")


_READERS: dict[Type, tuple[Callable[[str], Any], str]] = {
    "integer": (_integer, "not_count"),
    "number": (_number, "not_number"),
    "boolean": (lambda cell: _WORDS[cell.lower()], "not_boolean"),
    "date": (_date, "not_date"),
    "list": (_list, "not_number"),
    "money": (_money, "not_money"),
}
