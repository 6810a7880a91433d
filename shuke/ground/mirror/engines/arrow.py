"""Columns of plain values as Arrow tables, the form in which both engines take rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from shuke.ground.mirror.policy.columns import DECIMAL
from shuke.kit.db import Texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shuke.ground.mirror.policy import Table

_TYPES = {
    "word": pa.string(),
    "text": pa.string(),
    "whole": pa.int64(),
    "small": pa.uint8(),
    "sign": pa.int8(),
    "key": pa.uint64(),
    "instant": pa.timestamp("us", "UTC"),
    "day": pa.date32(),
    "decimal": DECIMAL,
    "texts": pa.map_(pa.string(), pa.string()),
    "numbers": pa.map_(pa.string(), DECIMAL),
}
_OWN = {"member": pa.uint32(), "seq": pa.uint64(), "idx": pa.uint32()}


def texts(column: Texts) -> pa.StringArray:
    """A text column of a columnar answer."""
    return pa.StringArray.from_buffers(len(column), pa.py_buffer(column.starts), pa.py_buffer(column.data))


def arrow_table(table: Table, merchant_id: int, columns: Mapping[str, Any]) -> pa.Table:
    """Rows of one merchant, columns of equal length: lists (maps as dicts), arrays and texts of a columnar answer, or
    one value for all rows; a map column may also be a dict of its keys and their columns."""
    length = len(columns["member"])
    made: dict[str, pa.Array] = {"merchant": pa.repeat(pa.scalar(merchant_id, pa.uint32()), length)}
    for name, kind in _OWN.items():
        made[name] = _column(columns[name], kind, length)
    made["applied"] = _column(columns["applied"], pa.uint64(), length) if "applied" in columns else made["seq"]
    for column in table.columns:
        made[column.name] = _column(columns[column.name], _TYPES[column.type], length)
    return pa.table(made)


def _column(values: Any, kind: pa.DataType, length: int) -> pa.Array:
    if isinstance(values, Texts):
        return texts(values)
    if isinstance(values, np.ndarray):
        return _from_numbers(values, kind)
    if isinstance(values, pa.Array):
        return values
    if isinstance(values, dict):
        return _map(values, kind, length)
    if not isinstance(values, list):
        return pa.repeat(pa.scalar(values, kind), length)
    if isinstance(kind, pa.MapType):
        values = [list(value.items()) for value in values]
    return pa.array(values, kind)


def _from_numbers(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values).view(kind)
    if pa.types.is_date32(kind):
        return pa.array(values.astype(np.int32)).view(kind)
    if pa.types.is_decimal(kind):
        return pa.array(values).cast(kind)
    return pa.array(values.astype(kind.to_pandas_dtype(), copy=False))


def _map(parts: Mapping[str, Any], kind: pa.MapType, length: int) -> pa.Array:
    """The same keys in every row: their columns, woven row by row."""
    offsets = np.arange(length + 1, dtype=np.int32) * len(parts)
    if not parts:
        return pa.MapArray.from_arrays(offsets, pa.array([], kind.key_type), pa.array([], kind.item_type))
    woven = np.arange(length * len(parts)).reshape(len(parts), length).T.ravel()
    columns = pa.concat_arrays([_column(values, kind.item_type, length) for values in parts.values()])
    keys = pa.array(list(parts)).take(np.tile(np.arange(len(parts)), length))
    return pa.MapArray.from_arrays(offsets, keys, columns.take(woven))


def warm_up() -> None:
    """Load what the first table would load."""
    pa.table({"warm": pa.array([0], pa.uint8())})
