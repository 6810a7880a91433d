"""Puts the rows of one order (or refund) together, and the orders into the sequence in which they happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shuke.ground.ingestion.files.flaws import Flaw
from shuke.ground.ingestion.files.shapes import SHAPES

if TYPE_CHECKING:
    from shuke.ground.ingestion.files.shapes import Kind

AGREE: dict[str, tuple[str, ...]] = {
    "orders": ("member_id", "phone", "store_id", "channel"),
    "refunds": ("order_id",),
}
"""What the rows of one order must not disagree about; where some are empty the others speak for them."""
FILLED: dict[str, tuple[str, ...]] = {"orders": ("coupon_code",), "refunds": ()}


def keys(kind: Kind, table: pa.Table) -> pa.StringArray:
    """What tells one order from another: its source, where there is one, and its id."""
    key = _whole(table, SHAPES[kind].groups_by or "")
    source = _whole(table, "source")
    if not bool(pc.any(pc.not_equal(source, "")).as_py()):
        return key
    return pc.binary_join_element_wise(source, key, "\x1f")


def group(kind: Kind, table: pa.Table) -> tuple[pa.Table, list[Flaw]]:
    """Whole orders sorted by instant, then by place in the file; those with a bad row left out, each row with why.

    Two columns are added: `at`, the order's earliest instant, and `first`, the number of its first row.
    """
    if table.num_rows == 0:
        return _with(table, np.zeros(0, "i8"), np.zeros(0, "i8")), []
    codes = keys(kind, table).dictionary_encode().indices.to_numpy()
    by_order = np.argsort(codes, kind="stable")
    table = table.take(pa.array(by_order))
    codes = codes[by_order]
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    member_of = np.cumsum(np.r_[False, codes[1:] != codes[:-1]])
    rows = _numbers(table, "row")
    table, flaws, bad = _agreed(kind, table, starts, member_of)
    bad_rows = pc.fill_null(_whole(table, "bad"), False).to_numpy(zero_copy_only=False)
    flaws += _siblings(rows, bad_rows, starts, member_of)
    bad |= np.logical_or.reduceat(bad_rows, starts)
    at = np.minimum.reduceat(_numbers(table, "occurred_at"), starts)
    first = np.minimum.reduceat(rows, starts)
    table = _with(table, at[member_of], first[member_of])
    keep = np.flatnonzero(~bad[member_of])
    order = keep[np.lexsort((rows[keep], first[member_of][keep], at[member_of][keep]))]
    return table.take(pa.array(order)), flaws


def boundaries(table: pa.Table) -> np.ndarray:
    """The positions at which a new order begins."""
    if table.num_rows == 0:
        return np.zeros(0, "i8")
    first = _numbers(table, "first")
    return np.flatnonzero(np.r_[True, first[1:] != first[:-1]])


def _agreed(
    kind: Kind, table: pa.Table, starts: np.ndarray, member_of: np.ndarray
) -> tuple[pa.Table, list[Flaw], np.ndarray]:
    bad = np.zeros(len(starts), bool)
    flaws: list[Flaw] = []
    rows = _numbers(table, "row")
    for name in (*AGREE[kind], *FILLED[kind]):
        words = _whole(table, name)
        filled = pc.not_equal(words, "").to_numpy(zero_copy_only=False)
        if not filled.any():
            continue
        codes = words.dictionary_encode().indices.to_numpy().astype("i8")
        low = np.minimum.reduceat(np.where(filled, codes, np.iinfo("i8").max), starts)
        if name in AGREE[kind]:
            high = np.maximum.reduceat(np.where(filled, codes, -1), starts)
            differing = (high >= 0) & (low != high)
            bad |= differing
            column = SHAPES[kind].column(name)
            for position in np.flatnonzero(differing[member_of]).tolist():
                zh = column.zh if column else name
                flaws.append(Flaw(int(rows[position]), name, "differs", words[position].as_py(), zh=zh))
        if not filled.all():
            place = np.minimum.reduceat(np.where(filled, np.arange(len(rows)), len(rows)), starts)
            place = np.where(place == len(rows), starts, place)
            table = table.set_column(table.schema.get_field_index(name), name, words.take(pa.array(place[member_of])))
    return table, flaws, bad


def _siblings(rows: np.ndarray, bad: np.ndarray, starts: np.ndarray, member_of: np.ndarray) -> list[Flaw]:
    if not bad.any():
        return []
    culprit = np.minimum.reduceat(np.where(bad, rows, np.iinfo("i8").max), starts)[member_of]
    found = np.flatnonzero(~bad & (culprit != np.iinfo("i8").max))
    return [Flaw(int(rows[place]), "", "sibling", str(int(culprit[place]))) for place in found.tolist()]


def _with(table: pa.Table, at: np.ndarray, first: np.ndarray) -> pa.Table:
    return table.append_column("at", pa.array(at, pa.int64())).append_column("first", pa.array(first, pa.int64()))


def _whole(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    return column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    return pc.fill_null(_whole(table, name), 0).to_numpy(zero_copy_only=False)
