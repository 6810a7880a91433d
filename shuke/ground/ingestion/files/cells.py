"""Columns of cells read all at once: text, money in fen, counts, phones, channels; each with a code per bad cell."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 10**13
"""No amount of a line reaches a hundred billion yuan; more is a slip."""
LONGEST_KEY = 128

CHANNELS = {
    "门店": "pos", "线下": "pos", "线下门店": "pos", "实体店": "pos", "收银": "pos", "store": "pos", "offline": "pos",
    "官网": "web", "网店": "web", "商城": "web", "网上商城": "web", "电商": "web", "online": "web", "website": "web",
    "小程序": "mini", "微信小程序": "mini", "微信": "mini", "miniprogram": "mini", "wechat": "mini",
    "抖音": "douyin", "tiktok": "douyin", "快手": "kuaishou",
}  # fmt: skip

Codes = list[tuple[int, str]]
"""Bad cells of a column: position in the batch and the code of what is wrong."""

_MONEY = r"^\+?\d{1,13}(\.\d{0,2}0*)?$"
_WHOLE = r"^\+?\d{1,12}(\.0*)?$"
_PHONE = re.compile(r"\+?\d{5,15}")


def text(column: pa.Array) -> pa.StringArray:
    """Any column as trimmed text; what is absent becomes empty; whole floats lose their `.0`."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return text(column.cast(kind.value_type))
    if pa.types.is_floating(kind):
        values = column.to_numpy(zero_copy_only=False)
        finite = np.isfinite(values)
        if bool(np.all(values[finite] == np.rint(values[finite]))) and bool(np.all(np.abs(values[finite]) < 2**53)):
            column = pa.array(np.where(finite, values, 0).astype("i8"), mask=~finite)
        else:
            column = pa.array(values, mask=~finite)
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    return pc.utf8_trim_whitespace(pc.fill_null(column, ""))


def fen(column: pa.Array, *, approximate: bool = False, unit: str = "yuan") -> tuple[np.ndarray, Codes]:
    """Money as whole fen. Text is read digit by digit; binary floats go to the nearest fen.

    `approximate`: the texts were floats once (Excel), so more than two decimals are rounded, half up, not refused.
    """
    kind = column.type
    if pa.types.is_integer(kind):
        values = pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
        return _bounded(values * (1 if unit == "fen" else 100), column)
    if pa.types.is_floating(kind):
        floats = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
        scaled = floats if unit == "fen" else floats * 100
        sane = np.isfinite(scaled) & (np.abs(scaled) < LARGEST * 10)
        codes = [(int(i), "missing" if np.isnan(scaled[i]) else "too_large") for i in np.flatnonzero(~sane)]
        values, more = _bounded(np.rint(np.where(sane, scaled, 0)).astype("i8"))
        return values, codes + more
    cells = text(column)
    pattern = _WHOLE if unit == "fen" else _MONEY
    scale = 0 if unit == "fen" else 2

    def slowly(cell: str) -> int:
        return fen_of(cell, approximate, unit)

    return _bounded_pair(_numbers(cells, pattern, scale, slowly, "not_money"))


def count(column: pa.Array) -> tuple[np.ndarray, Codes]:
    """Whole numbers from zero up."""
    if pa.types.is_integer(column.type):
        return _bounded(pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False), column)

    def slowly(cell: str) -> int:
        return _whole(Decimal(_plain(cell)), "not_count")

    return _bounded_pair(_numbers(text(column), _WHOLE, 0, slowly, "not_count"))


def phone(column: pa.Array) -> tuple[pa.StringArray, Codes]:
    """Phone numbers in one writing: digits, without the Chinese country code, spaces or dashes; empty stays empty."""
    cells = text(column)
    if bool(pc.all(pc.match_substring_regex(cells, r"^(1\d{10})?$")).as_py()):
        return cells, []
    codes: Codes = []
    values: list[str] = []
    for position, cell in enumerate(cells.to_pylist()):
        digits = re.sub(r"[\s\-().\uff08\uff09]", "", cell)
        digits = re.sub(r"^(\+?86|0086)(?=1\d{10}$)", "", digits)
        if digits and not _PHONE.fullmatch(digits):
            codes.append((position, "not_phone"))
            digits = ""
        values.append(digits)
    return pa.array(values, pa.string()), codes


def channel(column: pa.Array) -> tuple[pa.StringArray, Codes]:
    """The channel's code; what Chinese shops call their channels is known, another name is kept in lower case."""
    cells = text(column).dictionary_encode()
    names = [CHANNELS.get(re.sub(r"[\s_-]", "", name.lower()), name.lower()) for name in cells.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(cells.indices, pa.array(names, pa.string())).cast(pa.string()), []


def keys(column: pa.Array) -> tuple[pa.StringArray, Codes]:
    """Text that identifies something: not longer than a key may be."""
    cells = text(column)
    long = pc.greater(pc.utf8_length(cells), LONGEST_KEY).to_numpy(zero_copy_only=False)
    return cells, [(int(i), "too_long") for i in np.flatnonzero(long)] + unstorable(cells)


def unstorable(cells: pa.StringArray) -> Codes:
    """Where a text holds the one character that the database cannot keep."""
    found = pc.match_substring(cells, "\x00").to_numpy(zero_copy_only=False)
    return [(int(i), "not_text") for i in np.flatnonzero(found)]


def _numbers(
    cells: pa.StringArray, pattern: str, scale: int, slowly: Callable[[str], int], otherwise: str
) -> tuple[np.ndarray, Codes]:
    """Cells of the plain pattern in one cast to decimal; the others one by one."""
    plain = pc.match_substring_regex(cells, pattern).to_numpy(zero_copy_only=False)
    values = np.zeros(len(cells), "i8")
    if plain.any():
        chosen = cells if plain.all() else cells.filter(pa.array(plain))
        unscaled = pc.cast(chosen, pa.decimal128(38, scale)).buffers()[1]
        low_words = np.frombuffer(unscaled, "i8")[::2][: len(chosen)]
        values[plain] = low_words
    codes: Codes = []
    for position in np.flatnonzero(~plain).tolist():
        cell = cells[position].as_py()
        try:
            values[position] = slowly(cell)
        except _Bad as bad:
            codes.append((position, bad.code))
        except (InvalidOperation, ValueError, OverflowError):
            codes.append((position, otherwise if cell else "missing"))
    return values, codes


def _bounded_pair(pair: tuple[np.ndarray, Codes]) -> tuple[np.ndarray, Codes]:
    values, codes = pair
    kept, more = _bounded(values)
    return kept, codes + more


def _bounded(values: np.ndarray, nullable: pa.Array | None = None) -> tuple[np.ndarray, Codes]:
    codes: Codes = []
    if nullable is not None and nullable.null_count:
        codes = [(int(i), "missing") for i in np.flatnonzero(pc.is_null(nullable).to_numpy(zero_copy_only=False))]
    bad = (values < 0) | (values > LARGEST)
    if bad.any():
        codes += [(int(i), "negative" if values[i] < 0 else "too_large") for i in np.flatnonzero(bad)]
        values = np.where(bad, 0, values)
    return values, codes


class _Bad(ValueError):
    def __init__(self, code: str) -> None:
        self.code = code


def _plain(cell: str) -> str:
    return re.sub(r"[,\uff0c\s\u00a5\uffe5$€]|元$|RMB|CNY", "", cell)


def fen_of(cell: str, approximate: bool, unit: str) -> int:
    """Fen of one written amount, with the signs people put around it; raises `ValueError`."""
    amount = Decimal(_plain(cell))
    exact = amount if unit == "fen" else amount * 100
    if not exact.is_finite():
        raise _Bad("not_money")
    if abs(exact) > LARGEST:
        raise _Bad("too_large")
    if approximate:
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return _whole(exact, "too_precise")


def _whole(exact: Decimal, otherwise: str) -> int:
    if not exact.is_finite() or abs(exact) > LARGEST or exact != exact.to_integral_value():
        raise _Bad(otherwise)
    return int(exact)
