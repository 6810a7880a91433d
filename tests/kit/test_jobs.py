"""Background work: what is due is handed out once, survives a lost worker, and costs nothing while nothing is due."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from shuke.kit import clock, jobs
from shuke.kit.db import Database
from shuke.kit.jobs import Jobs, Work
from tests.kit.conftest import NewMerchant

_kinds = itertools.count(1)


class Ledger:
    """What ran, and what it answers."""

    def __init__(self) -> None:
        self.kind = f"test-{next(_kinds)}"
        self.ran: list[int] = []
        self.following: datetime | None = None
        self.failures = 0

    async def run(self, _: Database, merchant_id: int) -> datetime | None:
        self.ran.append(merchant_id)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a bad day")
        return self.following


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def queue(database: Database, ledger: Ledger) -> AsyncIterator[Jobs]:
    """A queue that knows the ledger's work, open."""
    made = Jobs(database)
    jobs.register(made, [Work(ledger.kind, ledger.run)])
    await made.open()
    yield made
    await made.close()


async def _note(database: Database, merchant_id: int, kind: str, at: datetime) -> None:
    async with database.write(merchant_id) as tx:
        await jobs.wake(tx, kind, at)


async def _due(database: Database, kind: str) -> dict[int, datetime]:
    async with database.directory() as tx:
        rows = await tx.rows("select merchant_id, at from due where kind = %(kind)s", kind=kind)
    return {row.merchant_id: row.at for row in rows}


async def test_due_work_runs_once_and_says_when_next(
    database: Database, queue: Jobs, ledger: Ledger, bare: int
) -> None:
    now = clock.now()
    ledger.following = now + timedelta(days=1)
    await _note(database, bare, ledger.kind, now)
    assert await jobs.hand_out(database, queue, [ledger.kind], now) == 1
    assert await jobs.hand_out(database, queue, [ledger.kind], now) == 0
    await queue.drain()
    assert ledger.ran == [bare]
    assert await _due(database, ledger.kind) == {bare: ledger.following}


async def test_work_without_a_next_time_leaves_no_row(
    database: Database, queue: Jobs, ledger: Ledger, bare: int
) -> None:
    now = clock.now()
    await _note(database, bare, ledger.kind, now)
    await jobs.hand_out(database, queue, [ledger.kind], now)
    await queue.drain()
    assert ledger.ran == [bare]
    assert await _due(database, ledger.kind) == {}


async def test_what_is_not_due_yet_waits(database: Database, queue: Jobs, ledger: Ledger, bare: int) -> None:
    now = clock.now()
    await _note(database, bare, ledger.kind, now + timedelta(seconds=1))
    assert await jobs.hand_out(database, queue, [ledger.kind], now) == 0
    assert await jobs.hand_out(database, queue, [ledger.kind], now + timedelta(seconds=1)) == 1


async def test_the_nearer_moment_wins(database: Database, ledger: Ledger, bare: int) -> None:
    now = clock.now().replace(microsecond=0)
    for minutes in (5, 1, 9):
        await _note(database, bare, ledger.kind, now + timedelta(minutes=minutes))
    assert await _due(database, ledger.kind) == {bare: now + timedelta(minutes=1)}


async def test_a_wake_that_is_rolled_back_wakes_nobody(database: Database, ledger: Ledger, bare: int) -> None:
    async def wake_and_fail() -> None:
        async with database.write(bare) as tx:
            await jobs.wake(tx, ledger.kind, clock.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await wake_and_fail()
    assert await _due(database, ledger.kind) == {}


async def test_a_wake_while_the_work_runs_is_not_lost(
    database: Database, queue: Jobs, ledger: Ledger, bare: int
) -> None:
    now = clock.now()
    await _note(database, bare, ledger.kind, now)
    await jobs.hand_out(database, queue, [ledger.kind], now)
    await _note(database, bare, ledger.kind, now)  # the job is queued, its row already moved ahead
    await queue.drain()
    assert await _due(database, ledger.kind) == {bare: now}
    assert await jobs.hand_out(database, queue, [ledger.kind], now) == 1
    await queue.drain()
    assert ledger.ran == [bare, bare]
    assert await _due(database, ledger.kind) == {}


async def test_failing_work_is_tried_again(database: Database, queue: Jobs, ledger: Ledger, bare: int) -> None:
    now = clock.now()
    ledger.failures = 1
    await _note(database, bare, ledger.kind, now)
    await jobs.hand_out(database, queue, [ledger.kind], now)
    await queue.drain()
    assert ledger.ran == [bare]
    async with database.directory() as tx:
        waiting = await tx.one(
            "select status::text, attempts, scheduled_at from procrastinate_jobs where task_name = %(kind)s",
            kind=ledger.kind,
        )
    assert (waiting.status, waiting.attempts) == ("todo", 1)
    assert waiting.scheduled_at > now, "the next try waits"


async def test_a_job_of_a_killed_worker_is_taken_up(database: Database, queue: Jobs, ledger: Ledger, bare: int) -> None:
    now = clock.now()
    await _note(database, bare, ledger.kind, now)
    await jobs.hand_out(database, queue, [ledger.kind], now)
    async with database.directory() as tx:  # as a worker leaves it that was killed in the middle
        await tx.run(
            "update procrastinate_jobs set status = 'doing', worker_id = null where task_name = %(kind)s",
            kind=ledger.kind,
        )
    await queue.drain()
    assert ledger.ran == []
    assert await queue.take_up(0) >= 1
    await queue.drain()
    assert ledger.ran == [bare]


async def test_a_worker_finds_its_work_by_itself_and_stops_when_told(
    database: Database, queue: Jobs, ledger: Ledger, bare: int
) -> None:
    works = [Work(ledger.kind, ledger.run)]
    tasks = [
        asyncio.create_task(queue.run()),
        asyncio.create_task(jobs.keep_handing_out(database, queue, works)),
    ]
    await _note(database, bare, ledger.kind, clock.now())
    async with asyncio.timeout(20):
        while not ledger.ran:
            await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert ledger.ran == [bare]


async def test_planning_notes_only_recurring_work_and_only_once(
    database: Database, new_merchant: NewMerchant, ledger: Ledger
) -> None:
    merchants = {await new_merchant() for _ in range(3)}
    works = [Work(ledger.kind, ledger.run), Work(f"{ledger.kind}-waits", ledger.run, recurring=False)]
    now = clock.now()
    assert await jobs.plan_missing(database, works, now) >= 3
    assert await jobs.plan_missing(database, works, now) == 0
    noted = await _due(database, ledger.kind)
    assert merchants <= noted.keys()
    assert all(now <= at < now + timedelta(hours=1) for at in noted.values())
    assert await _due(database, f"{ledger.kind}-waits") == {}


async def test_looking_for_due_work_reads_an_index(database: Database) -> None:
    async with database.directory() as tx:
        await tx.run("set local enable_seqscan = off")
        plan = await tx.rows("explain select 1 from due where at <= now() order by at limit 200 for update skip locked")
    assert any("due_by_time" in row[0] for row in plan)
