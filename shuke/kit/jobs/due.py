"""What is due: one small row per merchant and kind of work, so that a hundred thousand idle merchants cost nothing."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from shuke.kit import clock, errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from shuke.kit.db import Database, Tx
    from shuke.kit.jobs.queue import Jobs

log = structlog.get_logger("due")
LEASE = timedelta(hours=1)  # work handed out and lost without a trace is handed out again after this
HANDED_OUT = 200
DUE = "due"
"""What a transaction says that makes work due at once."""
LOOK_SECONDS = 1.0
REST_SECONDS = 0.5
"""After something was handed out, however often somebody says so: a job costs more than what it does for one member."""
PAUSE_SECONDS = 0.05
"""Between two looks that found nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work. `run(database, merchant_id)` does what is due and answers when it is due next, or None.

    `recurring` work is noted for every merchant; other work waits until something wakes it.
    """

    kind: str
    run: Callable[[Database, int], Awaitable[datetime | None]]
    recurring: bool = True


async def wake(tx: Tx, kind: str, at: datetime) -> None:
    """This merchant needs that work at `at` at the latest; a nearer moment stays. Commits with the caller.

    What is due by then is handed out at once, by whichever process does so.
    """
    await tx.run(
        "insert into due as d (merchant_id, kind, at) values (%(merchant_id)s, %(kind)s, %(at)s) "
        "on conflict (merchant_id, kind) do update set at = least(d.at, excluded.at)",
        kind=kind, at=at,
    )  # fmt: skip
    if at <= clock.now():
        tx.say(DUE)


async def plan_missing(database: Database, works: Sequence[Work], at: datetime) -> int:
    """Note the recurring work of merchants that have none noted, spread over an hour; how many rows were added.

    Called when a worker starts; a merchant born later is planned at its birth with `wake`.
    """
    kinds = [work.kind for work in works if work.recurring]
    async with database.directory() as tx:
        return await tx.run(
            "insert into due (merchant_id, kind, at) "
            "select m.merchant_id, k.kind, %(at)s + make_interval(secs => (m.merchant_id * 7919) %% 3600) "
            "from merchant m cross join unnest(%(kinds)s::text[]) as k(kind) where m.state = 'active' "
            "on conflict do nothing",
            at=at, kinds=kinds,
        )  # fmt: skip


def register(jobs: Jobs, works: Sequence[Work]) -> None:
    """Make every kind of work a job of the queue."""
    for work in works:
        jobs.register(work.kind, _carrier(work))


def _carrier(work: Work) -> Callable[..., Awaitable[Any]]:
    async def carry(database: Database, merchant_id: int, lease: str) -> None:
        following = await work.run(database, merchant_id)
        await _settle(database, merchant_id, work.kind, datetime.fromisoformat(lease), following)

    return carry


async def _settle(database: Database, merchant_id: int, kind: str, lease: datetime, following: datetime | None) -> None:
    """Note when the work is due next, unless somebody woke it while it ran."""
    mine = "merchant_id = %(m)s and kind = %(kind)s and at = %(lease)s"
    async with database.directory() as tx:
        if following is None:
            await tx.run(f"delete from due where {mine}", m=merchant_id, kind=kind, lease=lease)
        else:
            await tx.run(
                f"update due set at = %(at)s where {mine}", m=merchant_id, kind=kind, lease=lease, at=following
            )


async def hand_out(database: Database, jobs: Jobs, kinds: Sequence[str], at: datetime) -> int:
    """Queue what is due at `at` at open merchants, at most 200 pieces; how many. Several processes may do this at once.

    The job is queued before its row is moved: a crash between the two queues it twice, never not at all.
    """
    lease = at + LEASE
    async with database.directory() as tx:
        rows = await tx.rows(
            "select merchant_id, kind from due where at <= %(at)s and kind = any(%(kinds)s::text[]) "
            "and exists (select from merchant m where m.merchant_id = due.merchant_id and m.state = 'active') "
            "order by at limit %(limit)s for update skip locked",
            at=at, kinds=list(kinds), limit=HANDED_OUT,
        )  # fmt: skip
        for row in rows:
            await jobs.later(row.kind, row.merchant_id, once="due", alone=True, lease=lease.isoformat())
        if rows:
            await tx.run(
                "update due d set at = %(lease)s from unnest(%(merchants)s::bigint[], %(kinds)s::text[]) as r(m, k) "
                "where d.merchant_id = r.m and d.kind = r.k",
                lease=lease, merchants=[row.merchant_id for row in rows], kinds=[row.kind for row in rows],
            )  # fmt: skip
    return len(rows)


async def keep_handing_out(database: Database, jobs: Jobs, works: Sequence[Work]) -> None:
    """Hand out until cancelled: when a transaction here or in another process made something due; one look at an index each
    second while nothing is."""
    kinds, wake = [work.kind for work in works], asyncio.Event()

    def hear(words: Collection[str]) -> None:
        if DUE in words:
            wake.set()

    database.on_words.append(hear)
    try:
        while True:
            wake.clear()
            handed = 0
            try:
                handed = await hand_out(database, jobs, kinds, clock.now())
            except errors.Unavailable:
                log.warning("the database does not answer; due work waits")
            if handed == HANDED_OUT:
                continue
            rest = REST_SECONDS if handed else PAUSE_SECONDS
            await asyncio.sleep(rest)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), LOOK_SECONDS - rest)
    finally:
        database.on_words.remove(hear)
