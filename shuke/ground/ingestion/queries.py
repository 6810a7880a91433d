"""Questions about imports, and about behaviour that came in."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from shuke.ground.ingestion.events import Behaviour
from shuke.ground.ingestion.files.flaws import Refusal
from shuke.ground.ingestion.files.shapes import Kind
from shuke.kit import errors, paging
from shuke.kit.db import Tx


class NoSuchImport(errors.NotFound):
    """There is no import {import_id}."""

    code = "no_such_import"
    zh = "没有编号为 {import_id} 的导入。"

    def __init__(self, import_id: int, **facts: Any) -> None:
        errors.Refused.__init__(self, import_id=import_id, **facts)


class ImportRun(msgspec.Struct, frozen=True):
    """One import as people see it; the counts are rows (`memberless`: orders), `rate` rows a second,
    `seconds_left` an estimate while it runs."""

    import_id: int
    kind: Kind
    file_name: str
    state: str
    read: int
    accepted: int
    duplicates: int
    rejected: int
    total_rows: int | None
    rate: int
    position: int
    path: str
    file_hash: str
    mapping: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    memberless: int = 0

    @property
    def seconds_left(self) -> int | None:
        if self.state != "running" or not self.rate or self.total_rows is None:
            return None
        return max(self.total_rows - self.read, 0) // self.rate


_RUN = (
    "select import_id, kind, file_name, state, read, accepted, duplicates, rejected, total_rows, rate, position, path, "
    "file_hash, mapping, created_at, started_at, finished_at, error, memberless from import_run where merchant_id = %(merchant_id)s"
)


async def get_import(tx: Tx, import_id: int) -> ImportRun:
    """One import; refuses `NoSuchImport`."""
    row = await tx.one(f"{_RUN} and import_id = %(import_id)s", import_id=import_id)
    if row is None:
        raise NoSuchImport(import_id)
    return ImportRun(*row)


async def list_imports(tx: Tx, *, cursor: str | None = None, limit: int = 50) -> paging.Page:
    """Imports, the latest first."""
    at, last = paging.decode(cursor, 2) or (None, None)
    rows = await tx.rows(
        f"{_RUN} and (%(at)s::timestamptz is null or (created_at, import_id) < (%(at)s, %(last)s)) "
        "order by created_at desc, import_id desc limit %(limit)s",
        at=at, last=last, limit=limit + 1,
    )  # fmt: skip
    return paging.page([ImportRun(*row) for row in rows], limit, lambda run: [run.created_at, run.import_id])


async def find_unfinished(tx: Tx, kind: str, file_hash: str) -> ImportRun | None:
    """The latest import of this very file that was started and never ended."""
    row = await tx.one(
        f"{_RUN} and kind = %(kind)s and file_hash = %(file_hash)s and state = 'running' order by created_at desc limit 1",
        kind=kind, file_hash=file_hash,
    )  # fmt: skip
    return None if row is None else ImportRun(*row)


async def running_imports(tx: Tx) -> list[ImportRun]:
    """The imports that were started and have not ended, the oldest first."""
    return [ImportRun(*row) for row in await tx.rows(f"{_RUN} and state = 'running' order by created_at, import_id")]


async def refusals(tx: Tx, import_id: int) -> list[Refusal]:
    """The rows that the write path refused, in the file's order."""
    rows = await tx.rows(
        "select row, field, reason, reason_en from import_refusal "
        "where merchant_id = %(merchant_id)s and import_id = %(import_id)s order by row",
        import_id=import_id,
    )
    return [Refusal(*row) for row in rows]


# What rooms themselves announce (source `shuke`) never came in, and earns nothing.
_IN_ORDER = """
select o.seq, e.n, (e.event ->> 'occurred_at')::timestamptz as at
from outbox o cross join lateral jsonb_array_elements(o.payload -> 'events') with ordinality as e(event, n)
join unnest(%(names)s::text[], %(begins)s::date[]) as w(name, begins)
    on w.name = e.event ->> 'event' and (e.event ->> 'day')::date >= w.begins
where o.merchant_id = %(merchant_id)s and o.kind = 'events_recorded' and (e.event ->> 'day')::date < %(until)s
    and coalesce(e.event ->> 'source', '') <> 'shuke'
order by 3, 1, 2
"""
_PAST = """
select o.payload -> 'events' -> (w.n - 1)::int as event
from unnest(%(seqs)s::bigint[], %(ns)s::bigint[]) with ordinality as w(seq, n, place)
join outbox o on o.merchant_id = %(merchant_id)s and o.seq = w.seq order by w.place
"""
Places = tuple[Sequence[int], Sequence[int], Sequence[int]]
"""Instants (in µs), announcements, and the places in them."""


async def behaviour_in_order(tx: Tx, begins: Mapping[str, date], until: date) -> Places:
    """Where the events of these names that came in are kept, each name from its business date on and before `until`, in
    order of time; twenty-four bytes an event."""
    found = await tx.columns(
        _IN_ORDER, {"at": "instant", "seq": "whole", "n": "whole"},
        names=list(begins), begins=list(begins.values()), until=until,
    )  # fmt: skip
    return found["at"], found["seq"], found["n"]  # type: ignore[return-value]  # they come as arrays


async def past_behaviour(tx: Tx, places: Sequence[tuple[int, int]]) -> list[Behaviour]:
    """The events at these places (announcement, place in it), in the order asked; one statement."""
    rows = await tx.rows(_PAST, seqs=[int(seq) for seq, _ in places], ns=[int(n) for _, n in places])
    return msgspec.convert([row.event for row in rows], list[Behaviour])
