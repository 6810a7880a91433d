"""Reads the rows of a file into typed columns, our names, with a flaw for every cell that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shuke.ground.ingestion.files import cells, opening, typed
from shuke.ground.ingestion.files.flaws import Flaw
from shuke.ground.ingestion.files.instants import instants
from shuke.ground.ingestion.files.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shuke.ground.ingestion.files.mapping import Mapping, Take
    from shuke.ground.ingestion.files.shapes import Column, Kind
    from shuke.ground.ingestion.formats.source import Chunk, Source


class Plan(msgspec.Struct, frozen=True):
    """How one file is read: what it holds, by which mapping, in whose zone, and the latest instant believed (µs)."""

    kind: Kind
    source: Source
    mapping: Mapping
    zone: str
    not_after: int


class Parsed(msgspec.Struct):
    """Some rows in typed columns. `further` holds attributes or properties as Python values, None where empty."""

    rows: np.ndarray
    columns: dict[str, pa.Array]
    further: dict[str, list[Any]]
    flaws: dict[int, list[Flaw]]

    @property
    def good(self) -> np.ndarray:
        """Which positions have no flaw."""
        mask = np.ones(len(self.rows), bool)
        mask[list(self.flaws)] = False
        return mask


def parsed(plan: Plan) -> Iterator[Parsed]:
    """All rows of the file, in its order."""
    for chunk in opening.chunks(plan.source, plan.mapping.used()):
        if len(chunk.rows):
            yield _parse(plan, chunk)


def schema(kind: Kind) -> pa.Schema:
    """The typed columns of a kind of file as they are kept between two passes."""
    types = {"instant": pa.int64(), "fen": pa.int64(), "count": pa.int64()}
    fields = [pa.field(column.name, types.get(column.parse, pa.string())) for column in SHAPES[kind].columns]
    return pa.schema([pa.field("row", pa.int64()), pa.field("bad", pa.bool_()), *fields])


def _parse(plan: Plan, chunk: Chunk) -> Parsed:
    flaws: dict[int, list[Flaw]] = {}
    rows = chunk.rows
    for position, (code, value, limit) in chunk.broken.items():
        flaws[position] = [Flaw(int(rows[position]), "", code, value, limit)]
    columns: dict[str, pa.Array] = {}
    for column in SHAPES[plan.kind].columns:
        take = plan.mapping.columns.get(column.name)
        values, codes = _absent(column, len(rows)) if take is None else _column(plan, chunk, column, take)
        columns[column.name] = values
        _mark(flaws, chunk, column, take, codes)
    further: dict[str, list[Any]] = {}
    for name, take in plan.mapping.further.items():
        written = _cells(chunk, take)
        kind = typed.NAMES[take.type or "text"]
        further[name], codes = typed.values(written, kind, take.zone or plan.zone)
        for position, code in codes:
            value = cells.text(written)[position].as_py()
            limit = typed.LONGEST if code == "too_long" else 0
            flaws.setdefault(position, []).append(Flaw(int(rows[position]), name, code, value, limit))
    _require(plan, rows, columns, flaws)
    return Parsed(rows, columns, further, flaws)


def _column(plan: Plan, chunk: Chunk, column: Column, take: Take) -> tuple[pa.Array, cells.Codes]:
    if column.parse == "fen":
        return _money(plan, chunk, column, take)
    written = _cells(chunk, take)
    if column.parse == "instant":
        micros, codes = instants(written, take.zone or plan.zone, take.format)
        codes = [*codes, *((int(i), "future") for i in np.flatnonzero(micros > plan.not_after))]
        if column.required:
            return pa.array(micros), codes
        gone = np.zeros(len(micros), bool)
        gone[[position for position, code in codes if code == "missing"]] = True
        return pa.array(micros, mask=gone), [pair for pair in codes if pair[1] != "missing"]
    if column.parse == "count":
        counts, codes = cells.count(written)
        return pa.array(counts), codes
    if column.parse == "phone":
        return cells.phone(written)
    if column.parse == "channel":
        return cells.channel(written)
    return cells.keys(written)


def _money(plan: Plan, chunk: Chunk, column: Column, take: Take) -> tuple[pa.Array, cells.Codes]:
    fixed = take.value is not None
    parts = [_cells(chunk, take)] if fixed else [chunk.table.column(name) for name in take.columns]
    total, gone, codes = np.zeros(len(chunk.rows), "i8"), np.zeros(len(chunk.rows), bool), []
    for part in parts:
        fen, bad = cells.fen(part, approximate=plan.source.approximate, unit=take.unit)
        total = total + fen
        for position, code in bad:
            gone[position] = True
            if column.required or code != "missing":
                codes.append((position, code))
    return pa.array(total, mask=gone), codes


def _cells(chunk: Chunk, take: Take) -> pa.Array:
    """The written cells of a taken column: a fixed value, one column, or the first of several that is not empty."""
    if take.value is not None:
        return pa.array([take.value] * len(chunk.rows), pa.string())
    column = chunk.table.column(take.columns[0])
    for name in take.columns[1:]:
        first = cells.text(column)
        column = pc.if_else(pc.equal(first, ""), cells.text(chunk.table.column(name)), first)
    if take.words:
        coded = cells.text(column).dictionary_encode()
        words = [take.words.get(word, word) for word in coded.dictionary.to_pylist()]
        column = pa.DictionaryArray.from_arrays(coded.indices, pa.array(words, pa.string())).cast(pa.string())
    return column


def _absent(column: Column, count: int) -> tuple[pa.Array, cells.Codes]:
    """A column the file does not have: one piece, no money, empty text."""
    if column.parse == "count":
        return pa.array(np.ones(count, "i8")), []
    if column.parse in {"fen", "instant"}:
        return pa.nulls(count, pa.int64()), []
    return pa.array([""] * count, pa.string()), []


def _mark(flaws: dict[int, list[Flaw]], chunk: Chunk, column: Column, take: Take | None, codes: cells.Codes) -> None:
    for position, code in codes:
        if position in chunk.broken:
            continue
        value = "" if take is None else cells.text(_cells(chunk, take))[position].as_py()
        limit = cells.LONGEST_KEY if code == "too_long" else 0
        flaw = Flaw(int(chunk.rows[position]), column.name, code, value, limit, column.zh)
        flaws.setdefault(position, []).append(flaw)


def _require(plan: Plan, rows: np.ndarray, columns: dict[str, pa.Array], flaws: dict[int, list[Flaw]]) -> None:
    """Needed text must not be empty; a quantity is needed only beside a SKU; a member needs an identity."""
    shape = SHAPES[plan.kind]
    if shape.column("quantity") is not None:
        _forgive_quantity(plan, columns, flaws)
    for column in shape.columns:
        if not column.required or column.parse in {"instant", "fen"}:
            continue
        empty = pc.equal(columns[column.name], "").to_numpy(zero_copy_only=False)
        for position in np.flatnonzero(empty).tolist():
            _add(flaws, position, Flaw(int(rows[position]), column.name, "missing", zh=column.zh))
    if shape.either:
        present = [pc.not_equal(columns[name], "").to_numpy(zero_copy_only=False) for name in shape.either]
        for position in np.flatnonzero(~np.logical_or.reduce(present)).tolist():
            _add(flaws, position, Flaw(int(rows[position]), shape.either[0], "no_member"))


def _add(flaws: dict[int, list[Flaw]], position: int, flaw: Flaw) -> None:
    """One more flaw of a row, unless the row as a whole could not be read."""
    found = flaws.setdefault(position, [])
    if all(earlier.field for earlier in found):
        found.append(flaw)


def _forgive_quantity(plan: Plan, columns: dict[str, pa.Array], flaws: dict[int, list[Flaw]]) -> None:
    for position in [place for place, found in flaws.items() if any(flaw.field == "quantity" for flaw in found)]:
        if columns["sku"][position].as_py():
            continue
        left = [flaw for flaw in flaws[position] if flaw.field != "quantity" or flaw.code != "missing"]
        if left:
            flaws[position] = left
        else:
            del flaws[position]
