"""Web and worker apart, over one PostgreSQL and one columnar server: they wake each other, and any of them may be killed."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from shuke.doors import wiring
from shuke.ground import mirror
from shuke.insight import segments, tags
from shuke.kit import clock
from shuke.kit.db import Database, embedded
from shuke.kit.db import bell as calling
from shuke.outreach import journeys
from tests.doors.test_killed import make_key
from tests.doors.test_outage import ORDER, post
from tests.doors.test_own_mirror import SERVED
from tests.doors.test_process import Shuke

pytestmark = pytest.mark.slow
T = TypeVar("T")
assert wiring.FACTS
LISTENING = f"select count(*) from pg_stat_activity where query = 'listen {calling.CHANNEL}'"
TOLD = """
with f as (
    select f.member_id, f.entered from segment_flip f
    join segment s on s.merchant_id = f.merchant_id and s.segment_id = f.segment_id
    where f.merchant_id = 1 and s.slug = 'guests'
), e as (select e.member_id from entry e where e.merchant_id = 1 and e.type = 'bonus')
select (select count(*) from f where f.entered) as entered, (select count(*) from f) as flips,
    (select count(distinct f.member_id) from f) as members, (select count(*) from e) as gifts,
    (select count(distinct e.member_id) from e) as guests
"""


class Town:
    """The servers of one installation, each a process of its own, and a shop in it whose guests get 50 points and a tag."""

    def __init__(self, folder: Callable[[str], Path]) -> None:
        self.postmaster = embedded.Postmaster(folder("theirs"))
        self.columns = folder("columns")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.mirror_url = f"clickhouse://127.0.0.1:{self.port}"
        self.columnar: subprocess.Popen[str] | None = None
        self.web, self.worker, self.other = (Shuke(folder(name)) for name in ("web", "worker", "other"))
        for one in (self.web, self.worker, self.other):
            one.environment |= {"SHUKE_DATABASE_URL": self.postmaster.url, "SHUKE_MIRROR_URL": self.mirror_url}
        self.key, self.bought = "", 0

    def open(self) -> None:
        """All of it, and the shop."""
        self.postmaster.start()
        self.begin_columnar()
        assert self.web.run("merchant", "create", "shop").returncode == 0
        self.key = asyncio.run(make_key(self.postmaster.url))
        asyncio.run(self.asked(_open_shop))
        self.begin_worker(self.worker)
        self.begin(self.web, "web")
        deadline = time.monotonic() + 60
        while asyncio.run(self.asked(_filled)) is False:
            assert time.monotonic() < deadline, "the segment was not filled"
            time.sleep(0.2)

    def begin(self, part: Shuke, *words: str) -> None:
        """A process of ours; the web is ready when it says so."""
        part.server = subprocess.Popen(
            [sys.executable, "-m", "shuke.doors.cli", *words], env=part.environment, text=True
        )
        deadline = time.monotonic() + 90
        while words == ("web",):
            try:
                assert time.monotonic() < deadline
                if part.get("/readyz")["ready"]:
                    return
            except OSError:
                time.sleep(0.2)

    def begin_worker(self, part: Shuke) -> None:
        """A worker; it is at work when it listens."""
        before = self.value(LISTENING)
        self.begin(part, "worker")
        deadline = time.monotonic() + 90
        while self.value(LISTENING) <= before:
            assert time.monotonic() < deadline, "the worker did not begin"
            time.sleep(0.1)

    def begin_columnar(self) -> None:
        """The columnar server, with what it kept."""
        self.columnar = subprocess.Popen(
            [sys.executable, str(SERVED), str(self.columns), str(self.port)], stdout=subprocess.PIPE, text=True
        )
        assert self.columnar.stdout is not None
        assert self.columnar.stdout.readline().strip() == str(self.port)

    def kill_columnar(self) -> None:
        assert self.columnar is not None
        self.columnar.kill()
        self.columnar.wait()

    def close(self) -> None:
        """End what still runs."""
        for part in (self.web, self.worker, self.other):
            if part.server is not None and part.server.poll() is None:
                part.end(signal.SIGKILL)
        if self.columnar is not None and self.columnar.poll() is None:
            self.kill_columnar()
        self.postmaster.stop()

    def value(self, sql: str) -> Any:
        """One figure from PostgreSQL."""
        with psycopg.connect(self.postmaster.url) as connection:
            row = connection.execute(sql).fetchone()
            assert row is not None
            return row[0]

    def told(self) -> dict[str, int]:
        """How many entered and left, and got their points; members and times."""
        with psycopg.connect(self.postmaster.url) as connection:
            connection.execute("set app.merchant_id = '1'")
            cursor = connection.execute(TOLD)
            row = cursor.fetchone()
            assert row is not None and cursor.description is not None
            return dict(zip((one.name for one in cursor.description), row, strict=True))

    def buy(self) -> None:
        """A new guest; again until it is taken, as tills do."""
        number, status = self.bought + 1, 0
        at = clock.now().isoformat()
        order = ORDER | {"order_id": f"o{number}", "member": {"phone": f"138{number:08}"}, "occurred_at": at}
        while status != 200:
            status, _, body = post(self.web.port, self.key, order)
            if status != 200:
                assert status == 503, body
                time.sleep(0.3)
        self.bought = number

    @contextmanager
    def selling(self) -> Iterator[None]:
        """One guest after the other while something happens, and a little before and after."""
        stop = threading.Event()

        def sell() -> None:
            while not stop.is_set():
                self.buy()
                time.sleep(0.01)

        with ThreadPoolExecutor(1) as seller:
            selling = seller.submit(sell)
            try:
                time.sleep(0.7)
                yield
                time.sleep(0.7)
            finally:
                stop.set()
            selling.result(timeout=60)

    def settled(self, seconds: float = 60) -> None:
        """Every guest entered once and got the points and the tag once, and membership is the whole recompute."""
        wanted = dict.fromkeys(("entered", "flips", "members", "gifts", "guests"), self.bought)
        deadline = time.monotonic() + seconds
        while (told := self.told()) != wanted and time.monotonic() < deadline:
            time.sleep(0.1)
        assert told == wanted
        while (wearing := asyncio.run(self.asked(_wearing))) != self.bought and time.monotonic() < deadline:
            time.sleep(0.1)
        assert wearing == self.bought
        assert set(asyncio.run(self.proven()).values()) == {(0, 0)}
        assert self.told() == wanted, "the proof repaired something"

    async def asked(self, ask: Callable[[Database], Awaitable[T]]) -> T:
        """Something asked of, or done to, the database from here."""
        database = await Database.open(self.postmaster.url, size=3, hot_size=1)
        try:
            return await ask(database)
        finally:
            await database.close()

    async def proven(self) -> dict[str, tuple[int, int]]:
        """A whole recompute against live membership."""

        async def prove(database: Database) -> dict[str, tuple[int, int]]:
            opened = await mirror.open_mirror(self.mirror_url)
            try:
                told = await segments.verify(database, opened, 1, clock.now())
            finally:
                await mirror.close_mirror(opened)
            return {slug: (one["missing"], one["extra"]) for slug, one in told.items()}

        return await self.asked(prove)


async def _open_shop(database: Database) -> None:
    at = clock.now()
    async with database.write(1) as tx:
        await segments.create_segment(tx, name="来过的", slug="guests", rule={"did": "order"}, at=at)
        await tags.create_tag(tx, tags.TagShape(name="guest", segment="guests"), at, "小美")
        made = await journeys.create_journey(
            tx, "欢迎", "guests", [journeys.StepPlan("give_points", {"points": 50})], at
        )
        await journeys.launch(tx, made.journey_id, at)


async def _filled(database: Database) -> bool:
    async with database.read(1) as tx:
        return (await segments.get_segment(tx, "guests")).state == "ok"


async def _wearing(database: Database) -> int:
    async with database.read(1) as tx:
        return len(await tags.wearers(tx, "guest", clock.now()))


@pytest.fixture(scope="module")
def town(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    def folder(name: str) -> Path:
        made = tmp_path_factory.mktemp(name)
        made.chmod(0o711)
        return made

    opened = Town(folder)
    try:
        opened.open()
        yield opened
    finally:
        opened.close()


def test_what_the_web_takes_in_wakes_the_worker(town: Town) -> None:
    """From the order to the points of the journey it started; whoever only looks around needs five seconds each time."""
    waits = []
    for _ in range(6):
        began = time.monotonic()
        town.buy()
        while town.told()["gifts"] < town.bought:
            assert time.monotonic() < began + 30, town.told()
            time.sleep(0.02)
        waits.append(round(time.monotonic() - began, 2))
    print("from order to reaction:", json.dumps(waits))
    assert sum(waits) < 15, waits
    town.settled()


def test_killed_between_the_flips_and_their_reaction(town: Town) -> None:
    """Flips are committed; before anybody reacted to them the worker is gone. The next one reacts, once."""
    before = town.told()["gifts"]
    with psycopg.connect(town.postmaster.url) as connection:
        connection.execute("set local app.merchant_id = '1'")
        connection.execute("select seq from relay_cursor where merchant_id = 1 and reader = 'flips' for update")
        for _ in range(3):
            town.buy()
        deadline = time.monotonic() + 30
        while (told := town.told())["entered"] < town.bought:
            assert time.monotonic() < deadline, told
            time.sleep(0.05)
        town.worker.end(signal.SIGKILL)
        assert town.told()["gifts"] == before, "somebody reacted"
    town.begin_worker(town.worker)
    town.settled()


def test_postgresql_is_restarted_in_the_middle_of_ticks(town: Town) -> None:
    for _ in range(2):
        with town.selling():
            town.postmaster.stop()
            time.sleep(0.5)
            town.postmaster.start()
        town.settled(90)


def test_the_mirror_is_killed_in_the_middle_of_ticks(town: Town) -> None:
    for _ in range(2):
        with town.selling():
            town.kill_columnar()
            time.sleep(0.5)
            town.begin_columnar()
        town.settled(90)


def test_two_workers_compete_and_one_is_killed(town: Town) -> None:
    """Which of them copies and reacts is for them to settle; the one that is left takes over all of it."""
    town.begin_worker(town.other)
    with town.selling():
        time.sleep(2)
        town.worker.end(signal.SIGKILL)
        time.sleep(1)
    town.settled(150)
    town.begin_worker(town.worker)
    with town.selling():
        town.other.end(signal.SIGKILL)
    town.settled(150)
