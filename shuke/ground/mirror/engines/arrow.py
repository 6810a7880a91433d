"""Columns of plain values as Arrow tables, the form in which both engines take rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shuke.ground.mirror.policy import Table

_DECIMAL = pa.decimal128(38, 9)
_TYPES = {
    "word": pa.string(),
    "text": pa.string(),
    "whole": pa.int64(),
    "small": pa.uint8(),
    "sign": pa.int8(),
    "key": pa.uint64(),
    "instant": pa.timestamp("us", "UTC"),
    "day": pa.date32(),
    "decimal": _DECIMAL,
    "texts": pa.map_(pa.string(), pa.string()),
    "numbers": pa.map_(pa.string(), _DECIMAL),
}
_OWN = {"member": pa.uint32(), "seq": pa.uint64(), "idx": pa.uint32()}


def arrow_table(table: Table, merchant_id: int, columns: Mapping[str, list[Any]]) -> pa.Table:
    """Rows of one merchant; lists of equal length, maps as dicts."""
    length = len(columns["member"])
    made: dict[str, pa.Array] = {"merchant": pa.array([merchant_id] * length, pa.uint32())}
    for name, kind in _OWN.items():
        made[name] = pa.array(columns[name], kind)
    made["applied"] = pa.array(columns["applied"], pa.uint64()) if "applied" in columns else made["seq"]
    for column in table.columns:
        values = columns[column.name]
        if column.type in {"texts", "numbers"}:
            values = [list(value.items()) for value in values]
        made[column.name] = pa.array(values, _TYPES[column.type])
    return pa.table(made)


def warm_up() -> None:
    """Load what the first table would load."""
    pa.table({"warm": pa.array([0], pa.uint8())})
