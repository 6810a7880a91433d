"""Processes of one database wake each other: what one commits the others hear at once, in few calls, and again after a loss."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import psycopg
import pytest

from shuke.kit import clock, events, jobs
from shuke.kit.db import Bell, Database
from shuke.kit.db import bell as calling
from shuke.kit.jobs import Jobs, Work
from tests.kit.test_events import Knocked, Whispered, reader, relaying


class Process:
    """Pools and a bell of its own, and what it was told."""

    def __init__(self, database: Database) -> None:
        self.database, self.bell = database, Bell(database)
        self.told: list[tuple[int, frozenset[str]]] = []
        self.words: list[str] = []
        database.on_news.append(lambda merchant_id, kinds: self.told.append((merchant_id, frozenset(kinds))))
        database.on_words.append(self.words.extend)

    def of(self, merchant_id: int) -> set[str]:
        """The kinds it was told of one merchant."""
        return {kind for whose, kinds in self.told if whose == merchant_id for kind in kinds}


@contextlib.asynccontextmanager
async def process(url: str) -> AsyncIterator[Process]:
    """One that calls and listens until the block ends."""
    opened = Process(await Database.open(url, size=3, hot_size=1, patience=30))
    tasks = [asyncio.create_task(opened.bell.ring()), asyncio.create_task(opened.bell.listen())]
    await listening(opened.database, 1)
    try:
        yield opened
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await opened.database.close()


async def listening(database: Database, count: int) -> list[int]:
    """Wait until at least so many connections listen; their numbers at the server."""
    sql = f"select pid from pg_stat_activity where query = 'listen {calling.CHANNEL}' and datname = current_database()"
    async with asyncio.timeout(20):
        while True:
            async with database.directory() as tx:
                found = [row.pid for row in await tx.rows(sql)]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


@pytest.fixture
async def web(database_url: str) -> AsyncIterator[Process]:
    async with process(database_url) as opened:
        yield opened


@pytest.fixture
async def worker(database_url: str, web: Process) -> AsyncIterator[Process]:
    async with process(database_url) as opened:
        await listening(opened.database, 2)
        yield opened


async def knock(process: Process, merchant_id: int, number: int = 0, *more: events.Event) -> None:
    async with process.database.write(merchant_id) as tx:
        tx.announce(Knocked(writer=1, number=number), *more)


async def heard(process: Process, merchant_id: int, *kinds: str) -> None:
    """Within two seconds: whoever looks around by itself needs five."""
    async with asyncio.timeout(2):
        while not process.of(merchant_id) >= set(kinds):
            await asyncio.sleep(0.01)


async def test_what_one_commits_the_other_hears(web: Process, worker: Process, bare: int) -> None:
    await knock(web, bare, 0, Whispered())
    await heard(worker, bare, "test_knocked", "test_whispered")
    await asyncio.sleep(0.3)
    assert len([one for one in web.told if one[0] == bare]) == 1, "it hears its own call again"
    with contextlib.suppress(RuntimeError):
        async with web.database.write(bare) as tx:
            tx.announce(Knocked(writer=2, number=1))
            raise RuntimeError
    await asyncio.sleep(0.3)
    assert len([one for one in worker.told if one[0] == bare]) == 1, "what was rolled back is no news"


async def test_many_commits_are_few_calls(database_url: str, web: Process, worker: Process, bare: int) -> None:
    """No commit notifies by itself: a hundred of them in a row are called out ten times a second."""
    began = time.monotonic()
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(f"listen {calling.CHANNEL}")
        for number in range(100):
            await knock(web, bare, number)
        took = time.monotonic() - began
        calls = [one async for one in connection.notifies(timeout=0.5) if str(bare) in one.payload]
    await heard(worker, bare, "test_knocked")
    assert 1 <= len(calls) <= took / calling.REST_SECONDS + 2, (len(calls), took)


async def test_a_lost_connection_is_made_again(web: Process, worker: Process, bare: int) -> None:
    before = await listening(web.database, 2)
    async with web.database.directory() as tx:
        for pid in before:
            await tx.value("select pg_terminate_backend(%(pid)s)", pid=pid)
    async with asyncio.timeout(20):
        while not set(before).isdisjoint(await listening(web.database, 2)):
            await asyncio.sleep(0.1)
    await knock(web, bare)
    await heard(worker, bare, "test_knocked")


async def test_a_call_that_nobody_understands_harms_nobody(web: Process, worker: Process, bare: int) -> None:
    for call in ("", "[]", '{"of": "tomorrow"}', "[1, 2]"):
        async with web.database.directory() as tx:
            await tx.value("select pg_notify(%(channel)s, %(call)s)", channel=calling.CHANNEL, call=call)
    await knock(web, bare)
    await heard(worker, bare, "test_knocked")


async def test_a_crowd_of_merchants_fits_into_calls(web: Process, worker: Process, bare: int) -> None:
    """A call may be 8,000 bytes long."""
    numbers = [9_000_000_000_000_000_000 + n for n in range(600)]
    kinds = [f"a_kind_of_announcement_{n}" for n in range(60)]
    for number in numbers:
        web.database.tell_news(number, kinds)
    await knock(web, bare)
    await heard(worker, numbers[0], *kinds)
    await heard(worker, numbers[-1], *kinds)
    await heard(worker, bare, "test_knocked")


async def test_the_other_reacts_before_it_looks_around(web: Process, worker: Process, bare: int) -> None:
    async with relaying(worker.database, reader()):
        await asyncio.sleep(0.3)  # its first look is over, the next is five seconds away
        await knock(web, bare)
        async with asyncio.timeout(2):
            while not await _cursor(web.database, bare):
                await asyncio.sleep(0.02)


async def _cursor(database: Database, merchant_id: int) -> int:
    async with database.read(merchant_id) as tx:
        return await tx.value("select coalesce(max(seq), 0) from relay_cursor where merchant_id = %(merchant_id)s")


async def test_work_that_is_due_begins_at_once_in_another_process(
    web: Process, worker: Process, bare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at the clock is a minute away here; what another process makes due is begun before."""
    monkeypatch.setattr(jobs.due, "LOOK_SECONDS", 60.0)
    ran = asyncio.Event()

    async def run(_: Database, merchant_id: int) -> datetime | None:
        if merchant_id == bare:
            ran.set()
        return None

    work = Work(f"bell-{bare}", run, recurring=False)
    queue = Jobs(worker.database)
    jobs.register(queue, [work])
    await queue.open()
    tasks = [
        asyncio.create_task(queue.run()), asyncio.create_task(jobs.keep_handing_out(worker.database, queue, [work])),
    ]  # fmt: skip
    try:
        await asyncio.sleep(0.5)
        async with web.database.write(bare) as tx:
            await jobs.wake(tx, work.kind, clock.now() + timedelta(hours=1))
        assert web.words == [], "what is due later is no reason to look now"
        async with web.database.write(bare) as tx:
            await jobs.wake(tx, work.kind, clock.now())
        await asyncio.wait_for(ran.wait(), 4)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await queue.close()
