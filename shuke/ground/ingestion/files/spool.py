"""Sorts a file of any size into whole orders by time with bounded memory: parts on disk, runs on disk, one merge."""

from __future__ import annotations

import shutil
import zlib
from contextlib import ExitStack
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from shuke.ground.ingestion.files import grouping, reading
from shuke.ground.ingestion.files.flaws import Flaw
from shuke.ground.ingestion.formats.source import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shuke.ground.ingestion.files.reading import Parsed, Plan

PART_ROWS = 400_000
RUN_ROWS = 16_384
HOPELESS = 100_000
_OPTIONS = ipc.IpcWriteOptions(compression="lz4")


class Hopeless(Unreadable):
    """Most rows cannot be read: {reason}"""

    code = "hopeless_file"
    zh = "大部分行都读不了：{reason_zh}"
    cure = "Check which column is which, then start again."
    cure_zh = "请检查列的对应关系后重新开始。"


class Spooled(msgspec.Struct, frozen=True):
    """A file brought into order: how many rows it has, and the rows that were left out with why."""

    read: int
    flaws: list[Flaw]


def prepare(plan: Plan, folder: Path, told: Callable[[int], None]) -> Spooled:
    """Bring the file into order below `folder`; done once, a second call after a crash takes what lies there.

    `told` hears how many rows were read so far.
    """
    done = folder / "done.json"
    if done.exists():
        return msgspec.json.decode(done.read_bytes(), type=Spooled)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    parts = max(1, -(-(plan.source.rows or 0) // PART_ROWS))
    read, flaws = _split(plan, folder, parts, told)
    for part in range(parts):
        flaws += _sort(plan, folder, part)
    spooled = Spooled(read, sorted(flaws, key=lambda flaw: flaw.row))
    aside = done.with_suffix(".part")
    aside.write_bytes(msgspec.json.encode(spooled))
    aside.rename(done)
    return spooled


def clear(folder: Path) -> None:
    """Take away what lies below the folder."""
    shutil.rmtree(folder, ignore_errors=True)


def merged(folder: Path) -> Iterator[pa.Table]:
    """Whole orders by time, from all runs, a few thousand rows at once."""
    with ExitStack() as stack:
        runs = []
        for path in sorted(folder.glob("run-*.arrow")):
            source = stack.enter_context(pa.OSFile(str(path)))
            reader = stack.enter_context(ipc.open_file(source))
            runs.append(_Run(reader))
        while True:
            runs = [run for run in runs if run.fill()]
            if not runs:
                return
            limit = min((run.last for run in runs if run.more), default=None)
            taken = [table for run in runs if (table := run.take(limit)).num_rows]
            yield _interleaved(taken)


class _Run:
    """One sorted run, read batch by batch; every batch holds whole orders."""

    def __init__(self, reader: ipc.RecordBatchFileReader) -> None:
        self.reader = reader
        self.next = 0
        self.head: pa.Table | None = None
        self.keys = (np.zeros(0, "i8"), np.zeros(0, "i8"))

    @property
    def more(self) -> bool:
        return self.next < self.reader.num_record_batches

    @property
    def last(self) -> tuple[int, int]:
        return int(self.keys[0][-1]), int(self.keys[1][-1])

    def fill(self) -> bool:
        while (self.head is None or self.head.num_rows == 0) and self.more:
            self._set(pa.table(self.reader.get_batch(self.next)))
            self.next += 1
        return self.head is not None and self.head.num_rows > 0

    def take(self, limit: tuple[int, int] | None) -> pa.Table:
        assert self.head is not None
        head, (at, first) = self.head, self.keys
        if limit is None:
            count = head.num_rows
        else:
            count = int(np.count_nonzero((at < limit[0]) | ((at == limit[0]) & (first <= limit[1]))))
        self._set(head.slice(count))
        return head.slice(0, count)

    def _set(self, head: pa.Table) -> None:
        self.head = head
        self.keys = (head["at"].to_numpy(), head["first"].to_numpy())


def _interleaved(tables: list[pa.Table]) -> pa.Table:
    table = pa.concat_tables(tables).combine_chunks()
    if len(tables) == 1:
        return table
    order = np.lexsort((table["row"].to_numpy(), table["first"].to_numpy(), table["at"].to_numpy()))
    return table.take(pa.array(order))


def _split(plan: Plan, folder: Path, parts: int, told: Callable[[int], None]) -> tuple[int, list[Flaw]]:
    """First pass: read all rows, each into the part its order belongs to."""
    schema = reading.schema(plan.kind)
    read, flaws = 0, []
    with ExitStack() as stack:
        files = [
            stack.enter_context(ipc.new_file(str(folder / f"part-{part:04}.arrow"), schema, options=_OPTIONS))
            for part in range(parts)
        ]
        for batch in reading.parsed(plan):
            read += len(batch.rows)
            flaws += [flaw for found in batch.flaws.values() for flaw in found]
            if len(batch.flaws) and len(flaws) > HOPELESS and len(flaws) > read // 2:
                raise Hopeless(reason=flaws[0].reason_en, reason_zh=flaws[0].reason)
            table = _typed(plan, schema, batch)
            if parts == 1:
                files[0].write(table)
            else:
                where = _part_of(grouping.keys(plan.kind, table), parts)
                for part in np.unique(where).tolist():
                    files[part].write(table.filter(pa.array(where == part)))
            told(read)
    return read, flaws


def _typed(plan: Plan, schema: pa.Schema, batch: Parsed) -> pa.Table:
    """The rows to keep: all that name their order, the flawed ones marked, so that their siblings can be found."""
    columns = {"row": pa.array(batch.rows, pa.int64()), "bad": pa.array(~batch.good), **batch.columns}
    table = pa.table([columns[name] for name in schema.names], schema=schema)
    named = pc.not_equal(grouping.keys(plan.kind, table), "")
    return table if bool(pc.all(named).as_py()) else table.filter(named)


def _part_of(keys: pa.StringArray, parts: int) -> np.ndarray:
    coded = keys.dictionary_encode()
    hashes = [zlib.crc32(key.encode()) for key in coded.dictionary.to_pylist()]
    return (np.array(hashes, "u4") % parts)[coded.indices.to_numpy()]


def _sort(plan: Plan, folder: Path, part: int) -> list[Flaw]:
    """Second pass: one part into one sorted run, cut between orders."""
    path = folder / f"part-{part:04}.arrow"
    with pa.OSFile(str(path)) as source, ipc.open_file(source) as reader:
        table = reader.read_all()
    table, flaws = grouping.group(plan.kind, table)
    with ipc.new_file(str(folder / f"run-{part:04}.arrow"), table.schema, options=_OPTIONS) as run:
        for start, stop in cuts(grouping.boundaries(table), table.num_rows, RUN_ROWS):
            for piece in table.slice(start, stop - start).combine_chunks().to_batches():
                run.write_batch(piece)
    path.unlink()
    return flaws


def cuts(starts: np.ndarray, rows: int, wanted: int) -> Iterator[tuple[int, int]]:
    """Slices of at least `wanted` rows that never cut an order in two."""
    begin = 0
    while begin < rows:
        place = int(np.searchsorted(starts, begin + wanted))
        stop = int(starts[place]) if place < len(starts) else rows
        yield begin, stop
        begin = stop
