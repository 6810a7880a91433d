"""Runs over segments: begun, told how far they are, cancelled, and carried on by whichever worker is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from shuke.insight import segments
from shuke.insight.upkeep.models import SegmentRun
from shuke.kit import clock, errors, jobs
from shuke.kit.db import Database, Tx

if TYPE_CHECKING:
    from shuke.ground.mirror import Mirror

WORK = "segments_runs"
Kind = Literal["recount", "proof"]
_LATEST = "select * from segment_run where merchant_id = %(merchant_id)s order by run_id desc limit 1"
_END = "update segment_run set state = %(state)s, error = %(error)s, ended_at = %(at)s"
_THIS = "where merchant_id = %(merchant_id)s and run_id = %(run_id)s and state = 'running'"


class RunUnderWay(errors.Refused):
    """Segments are being counted or proven already."""

    code = "run_under_way"
    zh = "已经有一轮计算或核对在进行。"
    cure = "Wait until it is through, or cancel it."
    cure_zh = "请等它完成，或先取消它。"


class NothingToDo(errors.Refused):
    """There are no segments yet."""

    code = "nothing_to_do"
    http_status = 422
    zh = "还没有分群。"
    cure = "Make a segment first."
    cure_zh = "请先新建一个分群。"


class NoSuchRun(errors.NotFound):
    """There is no such run of segments."""

    code = "no_such_segment_run"
    zh = "没有这次分群重算或核对。"

    def __init__(self) -> None:
        errors.Refused.__init__(self, field="run_id")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is: `done` of `total`; `now` is the name of the segment at hand while it goes on.

    `slugs` are the segments it is about; `different`: how many a proof found to differ and repaired.
    """

    run_id: int
    kind: str
    state: str
    done: int
    total: int
    slugs: list[str]
    different: int
    now: str | None
    error: str | None
    started_at: datetime
    started_by: str
    ended_at: datetime | None


async def start(tx: Tx, kind: Kind, slugs: Sequence[str] | None, at: datetime, by: str = "") -> Run:
    """Begin a run over these segments, or over all; a worker carries it on at once, whoever leaves the page.

    Refuses `NoSuchSegment`, `NothingToDo`, and `RunUnderWay` while another goes on.
    """
    there = {one.slug for one in await segments.list_segments(tx)}
    wanted = sorted(there) if slugs is None else list(dict.fromkeys(slugs))
    for slug in wanted:
        if slug not in there:
            raise segments.NoSuchSegment(slug)
    if not wanted:
        raise NothingToDo()
    before = await tx.one(f"{_LATEST} for update")
    if before is not None and before.state == "running":
        raise RunUnderWay()
    [run_id] = await tx.fresh_ids(1)
    await tx.insert(SegmentRun, [{"run_id": run_id, "kind": kind, "slugs": wanted, "started_at": at, "started_by": by}])
    await jobs.wake(tx, WORK, at)
    begun = await latest(tx)
    assert begun is not None
    return begun


async def latest(tx: Tx) -> Run | None:
    """The last run there was, and how far it is; None where there was none."""
    row = await tx.one(_LATEST)
    if row is None:
        return None
    at_hand = row.slugs[row.done] if row.state == "running" and row.done < len(row.slugs) else None
    named = await segments.names(tx, [at_hand]) if at_hand else {}
    return Run(
        run_id=row.run_id, kind=row.kind, state=row.state, done=row.done, total=len(row.slugs), slugs=row.slugs,
        different=row.different, now=named.get(at_hand, at_hand) if at_hand else None, error=row.error,
        started_at=row.started_at, started_by=row.started_by, ended_at=row.ended_at,
    )  # fmt: skip


async def cancel(tx: Tx, run_id: int, at: datetime) -> None:
    """Stop a run: the segment at hand is finished, those after it stay as they are. Repeatable; refuses `NoSuchRun`."""
    known = "select 1 from segment_run where merchant_id = %(merchant_id)s and run_id = %(run_id)s"
    if await tx.value(known, run_id=run_id) is None:
        raise NoSuchRun()
    await tx.run(f"{_END} {_THIS}", state="cancelled", error=None, at=at, run_id=run_id)


async def carry_on(database: Database, opened: Mirror, merchant_id: int) -> None:
    """Take the run that goes on to its end, segment by segment, each kept as it is through: after a crash it goes on there."""
    while True:
        async with database.read(merchant_id) as tx:
            row = await tx.one(_LATEST)
        if row is None or row.state != "running":
            return
        if row.done == len(row.slugs):
            await _ended(database, merchant_id, row.run_id, "done", None)
            return
        try:
            different = await _step(database, opened, merchant_id, row.kind, row.slugs[row.done])
        except errors.Unavailable:
            raise  # the queue tries again
        except errors.Refused as refused:
            await _ended(database, merchant_id, row.run_id, "failed", str(refused))
            return
        async with database.write(merchant_id) as tx:
            await tx.run(
                f"update segment_run set done = done + 1, different = different + %(more)s {_THIS} and done = %(done)s",
                more=different, run_id=row.run_id, done=row.done,
            )  # fmt: skip


async def _step(database: Database, opened: Mirror, merchant_id: int, kind: str, slug: str) -> int:
    """One segment; whether a proof found it to differ. One that was deleted meanwhile is passed over."""
    at = clock.now()
    if kind == "recount":
        await segments.refresh(database, opened, merchant_id, at, reason="manual", slugs=[slug])
        return 0
    told: dict[str, dict[str, Any]] = await segments.verify(database, opened, merchant_id, at, [slug])
    return int(any(one["missing"] or one["extra"] for one in told.values()))


async def _ended(database: Database, merchant_id: int, run_id: int, state: str, error: str | None) -> None:
    async with database.write(merchant_id) as tx:
        await tx.run(f"{_END} {_THIS}", state=state, error=error, at=clock.now(), run_id=run_id)
