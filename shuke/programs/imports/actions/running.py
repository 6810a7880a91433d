"""Runs an import: records of a file, batch by batch, through the one write path, going on exactly where it stopped."""

from __future__ import annotations

import asyncio
import fcntl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import ingestion, tenancy
from shuke.insight import segments
from shuke.kit import clock
from shuke.programs.imports.actions import records
from shuke.programs.intake import Answer, Strangers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from shuke.kit.db import Database, Tx

BadMapping = ingestion.files.mapping.BadMapping
WORK = "imports"  # the job that runs what the console started
BATCH = 1_000
TOLERANCE_MICROS = 600_000_000
"""An order may be ten minutes ahead of our clock, as on the API."""


class Progress(msgspec.Struct, frozen=True):
    """How far an import is: `phase` is reading or applying; rows so far, rows in all (estimated), rows a second."""

    phase: str
    done: int
    total: int | None
    rate: int


def import_folder(home: Path, merchant_id: int, import_id: int) -> Path:
    """Where one import keeps what it needs: its upload, its runs while it lasts, the rows it left out."""
    return home / "imports" / str(merchant_id) / str(import_id)


def names_nobody(run: ingestion.ImportRun) -> bool:
    """Whether these are orders of which no column tells the member: they would earn nothing, and no profile would know them."""
    return run.kind == "orders" and not {"member_id", "phone"} & set(run.mapping.get("columns", ()))


def described(run: ingestion.ImportRun) -> list[str]:
    """An import's mapping as lines to read: our column ← theirs."""
    read = msgspec.convert(run.mapping, ingestion.files.mapping.Mapping)
    columns = [column.name for column in ingestion.files.shapes.SHAPES[run.kind].columns]
    lines = []
    for ours, take in (*sorted(read.columns.items(), key=lambda pair: columns.index(pair[0])), *read.further.items()):
        theirs = " + ".join(take.columns) or f"“{take.value}”"
        lines.append(f"{ours} ← {theirs}" + (f" ({take.type})" if take.type else ""))
    return lines


async def begin_import(
    database: Database,
    merchant_id: int,
    kind: ingestion.files.shapes.Kind,
    path: Path,
    told: dict[str, Any] | None = None,
    types: dict[str, str] | None = None,
) -> ingestion.ImportRun:
    """A started import of this file: the one that a crash left unfinished, if it has the same mapping, or a new one.

    Refuses what cannot be read (`Unreadable`) and a mapping that does not fit (`BadMapping`).
    """
    source = await asyncio.to_thread(ingestion.files.opening.inspect, path)
    mapping = await asyncio.to_thread(ingestion.files.mapping.decide, kind, source, told, types)
    plain = msgspec.to_builtins(mapping)
    async with database.write(merchant_id) as tx:
        left = await ingestion.find_unfinished(tx, kind, source.fingerprint)
        if left is not None and left.mapping == plain:
            await ingestion.imports.point_import(tx, left.import_id, str(path))
            return await ingestion.get_import(tx, left.import_id)
        [import_id] = await tx.fresh_ids(1)
        await ingestion.imports.open_import(
            tx, import_id=import_id, kind=kind, file_name=path.name, file_hash=source.fingerprint, path=str(path),
            total_rows=source.rows, at=clock.now(),
        )  # fmt: skip
        await ingestion.imports.start_import(tx, import_id, plain, clock.now())
        return await ingestion.get_import(tx, import_id)


async def run_import(
    database: Database,
    merchant_id: int,
    import_id: int,
    folder: Path,
    told: Callable[[Progress], None] = lambda _: None,
) -> ingestion.ImportRun:
    """Run a started import to its end and return it; safe to call again after a crash, refused while it runs elsewhere.

    `folder` holds what it needs meanwhile and, in the end, `rejected.csv` if any row was left out.
    A file that cannot be read any further makes the import `failed`, with the refusal's words.
    """
    with _alone(folder):
        try:
            return await _run(database, merchant_id, import_id, folder, told)
        except ingestion.formats.source.Unreadable as refusal:
            words = f"{refusal.message_zh}\n{refusal.message_en}"
            async with database.write(merchant_id) as tx:
                await ingestion.imports.fail_import(tx, import_id, words, clock.now())
            await asyncio.to_thread(ingestion.files.spool.clear, folder / "spool")
            raise


async def _run(
    database: Database, merchant_id: int, import_id: int, folder: Path, told: Callable[[Progress], None]
) -> ingestion.ImportRun:
    async with database.read(merchant_id) as tx:
        run = await ingestion.get_import(tx, import_id)
        merchant = await tenancy.get_merchant(tx)
    if run.state != "running":
        return run
    plan = await asyncio.to_thread(plan_of, run, merchant.zone, clock.now())
    stream = ingestion.files.stream.Stream(plan, folder / "spool")
    reading = _Meter("reading", plan.source.rows, told)
    await asyncio.to_thread(stream.prepare, reading.reach)
    applying = _Meter("applying", stream.read or plan.source.rows, told, run.read)
    writer = records.Writer(database, merchant_id)
    position = run.position
    batches = stream.batches(position, BATCH)
    batch = await asyncio.to_thread(next, batches, None)
    while batch:
        coming = asyncio.ensure_future(asyncio.to_thread(next, batches, None))
        try:
            step = await _step(database, merchant_id, writer, batch, (import_id, position, applying.rate))
        except BaseException:
            await asyncio.wait([coming])
            raise
        position += step.records
        applying.add(step.accepted + step.duplicates + len(step.refusals))
        batch = await coming
    return await _finish(database, merchant_id, import_id, stream)


def plan_of(run: ingestion.ImportRun, zone: str, now: datetime) -> ingestion.files.reading.Plan:
    """How the import's file is read; refuses a file that is gone, or is not the one that was looked at."""
    source = ingestion.files.opening.inspect(Path(run.path))
    if source.fingerprint != run.file_hash:
        raise ingestion.formats.source.Unreadable(
            reason="it was changed after the import had begun.", reason_zh="开始导入之后，文件被改动过。"
        )
    mapping = msgspec.convert(run.mapping, ingestion.files.mapping.Mapping)
    latest = int(now.timestamp()) * 1_000_000 + TOLERANCE_MICROS
    return ingestion.files.reading.Plan(run.kind, source, mapping, zone, latest)


async def _step(
    database: Database, merchant_id: int, writer: records.Writer, batch: list[Any], place: tuple[int, int, int]
) -> ingestion.imports.Step:
    """One batch and its place in the books, in one transaction."""
    import_id, position, rate = place
    await writer.prepare(batch)
    refused: dict[int, Answer] = {}

    async def verb(tx: Tx) -> ingestion.imports.Step:
        verdicts = await writer.write(tx, batch, refused)
        step = _booked(batch, verdicts, rate)
        await ingestion.imports.move_import(tx, import_id, position, step)
        await segments.note_history(tx)
        return step

    while True:
        try:
            return await database.attempt(merchant_id, verb, hot=True)
        except Strangers as strangers:
            refused |= strangers.answers


def _booked(batch: list[Any], verdicts: list[records.Verdict], rate: int) -> ingestion.imports.Step:
    accepted = duplicates = memberless = 0
    refusals: list[ingestion.files.flaws.Refusal] = []
    for record, verdict in zip(batch, verdicts, strict=True):
        rows = ingestion.files.stream.rows_of(record)
        if verdict == "accepted":
            accepted += len(rows)
            memberless += isinstance(getattr(record, "item", None), ingestion.OrderIn) and record.item.member is None
        elif verdict == "duplicate":
            duplicates += len(rows)
        else:
            refusals += [
                ingestion.files.flaws.Refusal(row, verdict.field, verdict.reason, verdict.reason_en) for row in rows
            ]
    return ingestion.imports.Step(len(batch), accepted, duplicates, refusals, rate, memberless)


async def _finish(
    database: Database, merchant_id: int, import_id: int, stream: ingestion.files.stream.Stream
) -> ingestion.ImportRun:
    async with database.read(merchant_id) as tx:
        refused = await ingestion.refusals(tx, import_id)
    if stream.flaws or refused:
        rejected = stream.folder.parent / "rejected.csv"
        await asyncio.to_thread(ingestion.files.rejects.write, stream.plan.source, [*stream.flaws, *refused], rejected)
    async with database.write(merchant_id) as tx:
        await ingestion.imports.finish_import(tx, import_id, read=stream.read, at=clock.now())
        await segments.refresh_soon(tx, clock.now())
        run = await ingestion.get_import(tx, import_id)
    await asyncio.to_thread(ingestion.files.spool.clear, stream.folder)
    return run


class _Meter:
    """Rows done and rows a second (over the last seconds), told at most every tenth of a second."""

    def __init__(self, phase: str, total: int | None, told: Callable[[Progress], None], done: int = 0) -> None:
        self.phase, self.total, self.told, self.done = phase, total, told, done
        self.rate = 0
        self._marks = [(clock.monotonic(), done)]

    def add(self, rows: int) -> None:
        self.reach(self.done + rows)

    def reach(self, done: int) -> None:
        self.done = done
        now = clock.monotonic()
        if now - self._marks[-1][0] < 0.1 and done != self.total:
            return
        self._marks = [*self._marks[-50:], (now, done)]
        since, then = self._marks[0]
        self.rate = int((done - then) / max(now - since, 1e-6))
        self.told(Progress(self.phase, done, self.total, self.rate))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; the lock dies with its process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ingestion.imports.ImportBusy from error
        yield
