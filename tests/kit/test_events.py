"""Announcements reach their readers after the commit, in commit order, at least once, and their effects exactly once."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import psycopg
import pytest

from shuke.ground.tenancy import models as tenancy_models
from shuke.kit import clock, errors, events
from shuke.kit.db import Database, Tx
from tests.kit.conftest import NewMerchant

ROOT = Path(__file__).resolve().parents[2]


class Knocked(events.Event, frozen=True, kw_only=True, tag="test_knocked"):
    """Somebody knocked."""

    writer: int
    number: int


class Whispered(events.Event, frozen=True, kw_only=True, tag="test_whispered"):
    """Nobody listens to this."""


class Barked(events.Event, frozen=True, kw_only=True, tag="test_barked"):
    """Nobody was meant."""


async def write_down(tx: Tx, heard: list[Knocked]) -> None:
    """A reaction that notes each knock as a brand: not repeatable on purpose, so that a repeat would be seen."""
    before = await tx.value("select count(*) from brand where merchant_id = %(merchant_id)s")
    ids = range(before, before + len(heard))
    rows = [
        {"brand_id": brand_id, "name": f"{knock.writer}:{knock.number}"}
        for brand_id, knock in zip(ids, heard, strict=True)
    ]
    await tx.insert(tenancy_models.Brand, rows)


def reader(name: str = "test") -> events.Reader:
    """A follower that writes knocks down."""
    return events.Reader(name, {Knocked: write_down})


async def _written(database: Database, merchant_id: int) -> list[str]:
    async with database.read(merchant_id) as tx:
        return [row.name for row in await tx.rows("select name from brand order by brand_id")]


async def _knock(database: Database, merchant_id: int, writer: int, turns: int, each: int = 1) -> None:
    for turn in range(turns):
        async with database.write(merchant_id) as tx:
            for part in range(each):
                tx.announce(Knocked(writer=writer, number=turn * each + part), Whispered())


async def _relay(database: Database, *readers: events.Reader) -> asyncio.Task[None]:
    return asyncio.create_task(events.Relay(database, readers).run())


async def _until(database: Database, merchant_id: int, count: int, seconds: float = 20) -> list[str]:
    async with asyncio.timeout(seconds):
        while len(written := await _written(database, merchant_id)) < count:
            await asyncio.sleep(0.05)
    return written


@contextlib.asynccontextmanager
async def relaying(database: Database, *readers: events.Reader):
    """A relay at work for the length of the block."""
    task = await _relay(database, *readers)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_concurrent_writers_lose_nothing_and_keep_their_order(database: Database, bare: int) -> None:
    async with relaying(database, reader()):
        await asyncio.gather(*(_knock(database, bare, writer, turns=15, each=2) for writer in range(16)))
        written = await _until(database, bare, 16 * 30)
    assert len(written) == 16 * 30
    assert len(set(written)) == len(written), "nothing is heard twice"
    for writer in range(16):
        heard = [int(name.split(":")[1]) for name in written if name.startswith(f"{writer}:")]
        assert heard == list(range(30)), "each writer is heard in the order of its commits"


async def test_what_was_announced_while_nobody_listened_is_heard_later(database: Database, bare: int) -> None:
    await _knock(database, bare, writer=1, turns=3)
    async with relaying(database, reader()):
        assert await _until(database, bare, 3) == ["1:0", "1:1", "1:2"]


async def test_each_reader_has_a_cursor_of_its_own(database: Database, bare: int) -> None:
    await _knock(database, bare, writer=1, turns=2)
    assert await events.deliver(database, bare, reader("first"), 100) == 4
    assert await events.deliver(database, bare, reader("first"), 100) == 0
    assert await events.deliver(database, bare, reader("second"), 100) == 4
    assert await _written(database, bare) == ["1:0", "1:1", "1:0", "1:1"]


async def test_a_failing_reaction_is_repeated_and_moves_nothing_meanwhile(database: Database, bare: int) -> None:
    failures = [1, 1]

    async def stumble(tx: Tx, heard: list[Knocked]) -> None:
        await write_down(tx, heard)
        if failures:
            failures.pop()
            raise RuntimeError("stumbled")

    stumbling = events.Reader("stumbles", {Knocked: stumble})
    await _knock(database, bare, writer=1, turns=4)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await events.deliver(database, bare, stumbling, 100)
        assert await _written(database, bare) == []
    assert await events.deliver(database, bare, stumbling, 100) == 8
    assert await _written(database, bare) == [f"1:{number}" for number in range(4)]


async def test_one_merchant_that_fails_does_not_stop_the_others(database: Database, new_merchant: NewMerchant) -> None:
    bad, good = await new_merchant(), await new_merchant()

    async def picky(tx: Tx, heard: list[Knocked]) -> None:
        if tx.merchant_id == bad:
            raise RuntimeError("not this one")
        await write_down(tx, heard)

    await _knock(database, bad, writer=1, turns=1)
    await _knock(database, good, writer=2, turns=2)
    async with relaying(database, events.Reader("picky", {Knocked: picky})):
        assert await _until(database, good, 2) == ["2:0", "2:1"]
    assert await _written(database, bad) == []


async def _letters(database: Database, merchant_id: int) -> list[tuple[int, str, int]]:
    async with database.read(merchant_id) as tx:
        rows = await tx.rows(
            "select seq, error, tries from dead_letter where merchant_id = %(merchant_id)s order by seq"
        )
    return [tuple(row) for row in rows]


@contextlib.contextmanager
def _refusing(*numbers: int):
    """A reader that cannot take these knocks, while the set that is yielded holds them."""
    bad = set(numbers)

    async def picky(tx: Tx, heard: list[Knocked]) -> None:
        await write_down(tx, heard)
        if found := bad & {knock.number for knock in heard}:
            raise RuntimeError(f"cannot take {min(found)}")

    yield events.Reader("picky", {Knocked: picky}), bad


async def test_what_always_fails_is_set_aside_and_the_rest_is_heard(database: Database, bare: int) -> None:
    """Of forty knocks two cannot be taken: both are found, kept with their error, and the other 38 are heard in order."""
    await _knock(database, bare, writer=1, turns=20, each=2)
    with _refusing(5, 23) as (picky, bad):
        async with relaying(database, picky):
            written = await _until(database, bare, 38, seconds=60)
        assert written == [f"1:{number}" for number in range(40) if number not in {5, 23}]
        letters = await _letters(database, bare)
        assert [(error, tries) for _, error, tries in letters] == [
            ("RuntimeError: cannot take 5", 1), ("RuntimeError: cannot take 23", 1),
        ]  # fmt: skip
        first, second = letters[0][0], letters[1][0]
        with pytest.raises(events.StillFails):
            await events.retry(database, bare, picky, first)
        assert [tries for _, _, tries in await _letters(database, bare)] == [2, 1]
        assert len(await _written(database, bare)) == 38, "a failed retry changes nothing"
        bad.clear()
        await events.retry(database, bare, picky, second)
        assert [seq for seq, _, _ in await _letters(database, bare)] == [first]
        with pytest.raises(errors.NotFound):
            await events.retry(database, bare, picky, second)
        await events.retry(database, bare, picky, first)
    assert await _letters(database, bare) == []
    assert (await _written(database, bare))[38:] == ["1:23", "1:5"]


async def test_what_was_set_aside_can_be_let_go_once(database: Database, bare: int) -> None:
    await _knock(database, bare, writer=1, turns=3)
    with _refusing(1) as (picky, _):
        assert await events.set_aside(database, bare, picky, 100) is not None
    [(seq, _, _)] = await _letters(database, bare)
    async with database.write(bare) as tx:
        assert await events.drop(tx, "picky", seq) == "test_knocked"
        with pytest.raises(errors.NotFound):
            await events.drop(tx, "picky", seq)
    assert await _letters(database, bare) == []
    await events.deliver(database, bare, picky, 100)
    assert await _written(database, bare) == ["1:0", "1:2"]


async def test_a_busy_merchant_waits_longer_after_each_failure(database: Database, bare: int) -> None:
    """News do not hurry what fails: a fault of a few seconds sets nothing aside, whatever comes meanwhile."""
    tried = []

    async def picky(tx: Tx, heard: list[Knocked]) -> None:
        tried.append(clock.monotonic())
        raise RuntimeError("not now")

    async with relaying(database, events.Reader("picky", {Knocked: picky})):
        for turn in range(60):
            await _knock(database, bare, writer=turn, turns=1)
            await asyncio.sleep(0.02)
    assert 1 <= len(tried) <= 2
    assert await _letters(database, bare) == []


async def test_nothing_is_set_aside_that_does_not_fail(database: Database, bare: int) -> None:
    await _knock(database, bare, writer=1, turns=5)
    assert await events.set_aside(database, bare, reader(), 100) is None
    assert len(await _written(database, bare)) == 5
    assert await _letters(database, bare) == []


async def test_two_relays_share_the_work_without_doubling_it(database: Database, bare: int) -> None:
    other = await Database.open(database.url, size=3, hot_size=1)
    try:
        async with relaying(database, reader()), relaying(other, reader()):
            await asyncio.gather(*(_knock(database, bare, writer, turns=10) for writer in range(8)))
            written = await _until(database, bare, 80)
            await asyncio.sleep(0.3)
            assert await _written(database, bare) == written
    finally:
        await other.close()
    assert len(set(written)) == 80


async def test_a_reaction_may_announce_and_is_heard_in_its_turn(database: Database, bare: int) -> None:
    async def pass_on(tx: Tx, heard: list[Knocked]) -> None:
        tx.announce(*(Knocked(writer=knock.writer + 1, number=knock.number) for knock in heard if knock.writer < 3))
        await write_down(tx, heard)

    echo = events.Relay(database, [events.Reader("echo", {Knocked: pass_on})])
    await _knock(database, bare, writer=1, turns=2)
    await echo.drain(bare)
    assert await _written(database, bare) == ["1:0", "1:1", "2:0", "2:1", "3:0", "3:1"]


async def test_a_reader_does_not_wait_for_another(database: Database, bare: int) -> None:
    """What is done about whispers hangs; knocks are heard all the same, at once and in their order."""
    hanging = asyncio.Event()

    async def hang(tx: Tx, heard: list[Whispered]) -> None:
        hanging.set()
        await asyncio.sleep(60)

    async with relaying(database, events.Reader("hangs", {Whispered: hang}), reader()):
        await _knock(database, bare, writer=1, turns=1)
        await asyncio.wait_for(hanging.wait(), 10)
        await _knock(database, bare, writer=1, turns=5)
        assert len(await _until(database, bare, 6, seconds=3)) == 6


async def test_a_reader_is_woken_by_what_it_hears_and_passes_the_rest_in_time(database: Database, bare: int) -> None:
    heard = []

    async def listen(tx: Tx, some: list[Knocked]) -> None:
        if tx.merchant_id == bare:
            heard.extend(knock.number for knock in some)

    knocks = events.Reader("rarely", {Knocked: listen}, rest_seconds=0.01)
    asked = "select seq from relay_cursor where merchant_id = %(m)s and reader = 'rarely'"
    async with relaying(database, knocks):
        await asyncio.sleep(0.1)
        async with database.write(bare) as tx:
            tx.announce(Whispered())
        await asyncio.sleep(0.3)
        async with database.directory() as tx:
            assert not await tx.value(asked, m=bare), "whispers wake nobody"
        await _knock(database, bare, writer=1, turns=1)
        async with asyncio.timeout(3):
            while heard != [0]:
                await asyncio.sleep(0.02)
        async with database.write(bare) as tx:
            tx.announce(Whispered())
        async with database.directory() as tx:
            head = await tx.value("select seq from merchant_head where merchant_id = %(m)s", m=bare)
        async with asyncio.timeout(20):
            while True:
                async with database.directory() as tx:
                    if await tx.value(asked, m=bare) == head:
                        return
                await asyncio.sleep(0.2)


async def test_draining_goes_on_until_no_reader_has_anything_to_hear(database: Database, bare: int) -> None:
    async def answer(tx: Tx, heard: list[Whispered]) -> None:
        tx.announce(*(Knocked(writer=9, number=number) for number, _ in enumerate(heard)))

    first, last = reader(), events.Reader("answers", {Whispered: answer})
    async with database.write(bare) as tx:
        tx.announce(Whispered(), Whispered())
    await events.Relay(database, [first, last]).drain(bare)
    assert await _written(database, bare) == ["9:0", "9:1"], "heard by who stands before the one that announced it"


async def test_kinds_that_alternate_are_gathered_and_others_keep_their_place(database: Database, bare: int) -> None:
    told: list[list[str]] = []

    def listen(name: str):
        async def note(tx: Tx, heard: list[events.Event]) -> None:
            told.append([name, *(str(one.number) for one in heard if isinstance(one, Knocked))])

        return note

    alternating = events.Reader(
        "gathers", {Knocked: listen("knocked"), Whispered: listen("whispered"), Barked: listen("barked")},
        gathered=frozenset({Knocked, Whispered}),
    )  # fmt: skip
    await _knock(database, bare, writer=1, turns=3)
    async with database.write(bare) as tx:
        tx.announce(Barked(), Whispered(), Knocked(writer=1, number=3), Knocked(writer=1, number=4), Barked(), Barked())
    assert await events.deliver(database, bare, alternating, 100) == 12
    assert told == [
        ["knocked", "0", "1", "2"], ["whispered"], ["barked"], ["whispered"], ["knocked", "3", "4"], ["barked"],
    ]  # fmt: skip


async def test_a_delivery_that_another_was_in_the_way_of_is_made_again(database: Database, bare: int) -> None:
    turns = []

    async def collide(tx: Tx, heard: list[Knocked]) -> None:
        turns.append(len(heard))
        if len(turns) < 3:
            raise psycopg.errors.DeadlockDetected("in the way")
        await write_down(tx, heard)

    await _knock(database, bare, writer=1, turns=2)
    assert await events.deliver(database, bare, events.Reader("collides", {Knocked: collide}), 100) == 4
    assert turns == [2, 2, 2], "what nobody hears between two of a kind does not part them"
    assert await _written(database, bare) == ["1:0", "1:1"]


async def test_a_killed_relay_loses_and_doubles_nothing(database: Database, bare: int) -> None:
    """kill -9 again and again in the middle of deliveries, while writers go on."""
    writers = asyncio.gather(*(_knock(database, bare, writer, turns=25) for writer in range(8)))
    for _ in range(4):
        child = await _child(database.url)
        await asyncio.sleep(0.25)
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
    await writers
    async with relaying(database, reader()):
        written = await _until(database, bare, 200)
    assert sorted(written) == sorted(f"{writer}:{number}" for writer in range(8) for number in range(25))
    for writer in range(8):
        heard = [int(name.split(":")[1]) for name in written if name.startswith(f"{writer}:")]
        assert heard == sorted(heard)


async def _child(url: str) -> asyncio.subprocess.Process:
    """A process of its own that relays until it is killed; it has begun when this returns."""
    script = (
        "import asyncio, sys; from tests.kit import test_events as t; from shuke.kit.db import Database\n"
        "from shuke.kit import events\n"
        "async def main():\n"
        "    database = await Database.open(sys.argv[1], size=3, hot_size=1)\n"
        "    print('ready', flush=True)\n"
        "    await events.Relay(database, [t.reader()], batch=7).run()\n"
        "asyncio.run(main())\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"ready\n"
    return child


async def test_two_processes_at_one_reader_react_once(database: Database, bare: int) -> None:
    """The second waits for the first and then finds nothing left; its own reaction would otherwise be a repetition."""
    reacting, on = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Tx, heard: list[Knocked]) -> None:
        reacting.set()
        await on.wait()
        ids = await tx.fresh_ids(len(heard))
        rows = [{"brand_id": brand_id, "name": str(knock.number)} for brand_id, knock in zip(ids, heard, strict=True)]
        await tx.insert(tenancy_models.Brand, rows)

    one = events.Reader("test", {Knocked: slowly})
    async with database.write(bare) as tx:
        tx.announce(Barked())
    assert await events.deliver(database, bare, one, 100) == 1  # it has a cursor from now on
    await _knock(database, bare, writer=1, turns=2)
    first = asyncio.create_task(events.deliver(database, bare, one, 100))
    await asyncio.wait_for(reacting.wait(), 20)
    reacting.clear()
    second = asyncio.create_task(events.deliver(database, bare, one, 100))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reacting.wait(), 1)
    on.set()
    assert await asyncio.gather(first, second) == [4, 0]
    assert sorted(await _written(database, bare)) == ["0", "1"]
