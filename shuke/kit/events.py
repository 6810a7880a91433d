"""Announcements: what rooms tell those above them, delivered after commit, in order, at least once."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from shuke.kit import clock, errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence

    from shuke.kit.db import Database, Tx

    _Heard = tuple[type["Event"], Any]

log = structlog.get_logger("events")
REST_SECONDS = 0.25
"""Between two rounds while there is news, so that callers in the same process come first; as long as the round itself took
where that is more, up to `LONGEST_REST_SECONDS`, so that a thousand merchants' reactions leave half of the time to callers."""
LONGEST_REST_SECONDS = 2.0
WAITS = (1.0, 5.0)
"""Seconds after the first failure of a batch, the second …; when it fails once more, what fails in it is set aside."""


class StillFails(errors.Refused):
    """The reaction failed again: {error}"""

    code = "reaction_failed"
    http_status = 409
    zh = "又失败了：{error}"
    cure = "Nothing was changed. Report the error to whoever runs this installation; try again once it is mended."
    cure_zh = "没有改动任何东西。请把错误告诉维护系统的人，修好后再试。"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, named in the past tense; subclasses give `tag="snake_name"`."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One follower of the outbox with a cursor of its own: which announcements it hears and what it does with a batch.

    A reaction gets (tx, events), events of one kind in commit order, and must be repeatable. Readers do not wait for each other:
    what must keep its order towards something else is heard by the same one. `rest_seconds`: between two rounds while there is
    news; a reader of what is rare may rest little. `gathered`: kinds that alternate in the log and whose reactions do not mind
    each other; each of them gets all of its kind at once, up to the next announcement of any other kind.
    """

    name: str
    reactions: dict[type[Event], Callable[[Tx, list[Any]], Awaitable[None]]]
    rest_seconds: float = REST_SECONDS
    gathered: frozenset[type[Event]] = frozenset()


class Relay:
    """Carries announcements from every merchant's outbox to its readers, each at its own pace."""

    def __init__(self, database: Database, readers: Sequence[Reader], batch: int = 500) -> None:
        self._database = database
        self._readers = readers
        self._batch = batch
        self._followers = [_Follower(database, reader, batch) for reader in readers]
        database.on_news.append(self._tell)

    def _tell(self, merchant_id: int, kinds: Collection[str]) -> None:
        for follower in self._followers:
            if not follower.heard.isdisjoint(kinds):
                follower.tell(merchant_id)

    async def run(self) -> None:
        """Deliver until cancelled; every few seconds look for what no one told us about."""
        async with asyncio.TaskGroup() as group:
            for follower in self._followers:
                group.create_task(follower.run(), name=f"relay {follower.reader.name}")

    async def drain(self, merchant_id: int) -> None:
        """Deliver everything this merchant has announced so far, and what reactions announce meanwhile."""
        passed = 1
        while passed:
            passed = 0
            for reader in self._readers:
                while some := await deliver(self._database, merchant_id, reader, self._batch):
                    passed += some


class _Follower:
    """One reader at work: it is woken by what it hears; what it does not hear it passes every few seconds."""

    def __init__(self, database: Database, reader: Reader, batch: int) -> None:
        self.reader = reader
        self.heard = frozenset(event.__struct_config__.tag for event in reader.reactions)
        self._database = database
        self._batch = batch
        self._news: set[int] = set()
        self._failures: dict[int, int] = {}
        self._waits: dict[int, float] = {}
        self._wake = asyncio.Event()

    def tell(self, merchant_id: int) -> None:
        """There is something new at this merchant."""
        self._news.add(merchant_id)
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            await self._look_around()
            deadline = clock.monotonic() + 5
            while (left := deadline - clock.monotonic()) > 0:
                merchants, self._news = self._news, set()
                began = clock.monotonic()
                for merchant_id in filter(self._may_go_on, merchants):
                    await self._deliver_safely(merchant_id)
                self._wake.clear()
                if merchants:
                    took = clock.monotonic() - began
                    await asyncio.sleep(min(max(self.reader.rest_seconds, took), LONGEST_REST_SECONDS))
                elif not self._news:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), timeout=left)

    def _may_go_on(self, merchant_id: int) -> bool:
        """Whether this merchant's wait after a failure is over; one that waits is found again by looking around."""
        return self._waits.get(merchant_id, 0.0) <= clock.monotonic()

    async def _look_around(self) -> None:
        try:
            async with self._database.directory() as tx:
                rows = await tx.rows(
                    "select h.merchant_id as m from merchant_head h join merchant o "
                    "on o.merchant_id = h.merchant_id and o.state = 'active' left join relay_cursor c "
                    "on c.merchant_id = h.merchant_id and c.reader = %(reader)s where h.seq > coalesce(c.seq, 0)",
                    reader=self.reader.name,
                )
                self._news.update(row.m for row in rows)
        except errors.Unavailable:
            log.warning("the database does not answer; announcements wait")

    async def _deliver_safely(self, merchant_id: int) -> None:
        try:
            await self._deliver_all(merchant_id)
        except errors.Unavailable:
            self._news.add(merchant_id)
            await asyncio.sleep(1)
        except Exception:
            log.exception("a reaction failed and will be tried again", merchant_id=merchant_id, reader=self.reader.name)
            await self._give_way(merchant_id)

    async def _deliver_all(self, merchant_id: int) -> None:
        passed = self._batch
        while passed == self._batch:
            passed = await deliver(self._database, merchant_id, self.reader, self._batch)
            if passed:
                self._failures.pop(merchant_id, None)
                self._waits.pop(merchant_id, None)
            await asyncio.sleep(0)

    async def _give_way(self, merchant_id: int) -> None:
        """Wait, longer each time; after so many failures in one place, set aside what fails, so that the rest is heard."""
        failures = self._failures.get(merchant_id, 0)
        if failures < len(WAITS):
            self._failures[merchant_id] = failures + 1
            self._waits[merchant_id] = clock.monotonic() + WAITS[failures]
            return
        self._failures.pop(merchant_id, None)
        self._waits.pop(merchant_id, None)
        try:
            await set_aside(self._database, merchant_id, self.reader, self._batch)
        except errors.Unavailable:
            await asyncio.sleep(1)
        self.tell(merchant_id)


_CURSOR = """
select seq from relay_cursor where merchant_id = %(merchant_id)s and reader = %(reader)s for update
"""
# A statement of its own, so that it sees the cursor that the lock may have waited for.
_NEXT = """
select o.seq, o.kind, case when o.kind = any(%(heard)s::text[]) then o.payload end as payload from outbox o
where o.merchant_id = %(merchant_id)s and o.seq > (
    select c.seq from relay_cursor c where c.merchant_id = %(merchant_id)s and c.reader = %(reader)s
) order by o.seq limit %(limit)s
"""
_BEGIN = """
insert into relay_cursor as c (merchant_id, reader, seq, moved_at) values (%(merchant_id)s, %(reader)s, 0, %(now)s)
on conflict do nothing
"""
_MOVE = """
update relay_cursor c set seq = %(seq)s, moved_at = %(now)s where c.merchant_id = %(merchant_id)s and c.reader = %(reader)s
"""


async def deliver(database: Database, merchant_id: int, reader: Reader, limit: int) -> int:
    """Hand the next announcements to one reader, in one transaction with its cursor; how many were passed.

    Again where another transaction was in the way: readers may touch the same rows in another order.
    """
    return await database.attempt(merchant_id, _pass_on, reader, limit)


async def _pass_on(tx: Tx, reader: Reader, limit: int) -> int:
    heard = {event.__struct_config__.tag: event for event in reader.reactions}
    asked = {"reader": reader.name, "heard": list(heard), "limit": limit}
    cursor, found = await tx.together((_CURSOR, asked), (_NEXT, asked))
    if not cursor.rowcount:
        await tx.run(_BEGIN, reader=reader.name, now=clock.now())
        cursor, found = await tx.together((_CURSOR, asked), (_NEXT, asked))
    rows = await found.fetchall()
    if not rows:
        return 0
    for event, payloads in _in_turn([(heard[row.kind], row.payload) for row in rows if row.kind in heard], reader):
        await reader.reactions[event](tx, [msgspec.convert(payload, event) for payload in payloads])
    tx.at_commit((_MOVE, {"seq": rows[-1].seq, "reader": reader.name, "now": clock.now()}))
    return len(rows)


def _in_turn(found: Sequence[_Heard], reader: Reader) -> Iterator[tuple[type[Event], list[Any]]]:
    """One kind after the other as they were announced; of those that are gathered, each once for a whole stretch of them."""

    def stretch(one: _Heard) -> object:
        return None if one[0] in reader.gathered else one[0]

    for _, run in itertools.groupby(found, key=stretch):
        by_kind: dict[type[Event], list[Any]] = {}
        for event, payload in run:
            by_kind.setdefault(event, []).append(payload)
        yield from by_kind.items()


_BURY = """
insert into dead_letter as d (merchant_id, reader, seq, kind, error, failed_at)
select o.merchant_id, %(reader)s, o.seq, o.kind, %(error)s, %(now)s from outbox o
where o.merchant_id = %(merchant_id)s and o.seq = %(seq)s
on conflict (merchant_id, reader, seq) do update set error = excluded.error, failed_at = excluded.failed_at, tries = d.tries + 1
"""
_WHERE = "where merchant_id = %(merchant_id)s and reader = %(reader)s and seq = %(seq)s"


async def set_aside(database: Database, merchant_id: int, reader: Reader, limit: int) -> int | None:
    """Find by halving the next announcement that a reader cannot take, and put it into the dead letters with its error.

    What comes before it is delivered. Its number, or None where nothing fails any more. Kept until `retry` succeeds.
    """
    size = limit
    while True:
        async with database.read(merchant_id) as tx:
            before = await tx.value(_CURSOR.replace(" for update", ""), reader=reader.name) or 0
        try:
            passed = await deliver(database, merchant_id, reader, size)
        except errors.Unavailable:
            raise
        except Exception as fault:
            if size > 1:
                size //= 2
                continue
            return await _bury(database, merchant_id, reader, before, _told(fault))
        if passed < size:
            return None


async def _bury(database: Database, merchant_id: int, reader: Reader, before: int, error: str) -> int | None:
    """Pass the one announcement after `before`, unless another process has passed it meanwhile."""
    seq = before + 1
    async with database.write(merchant_id) as tx:
        if await tx.value(_CURSOR, reader=reader.name) != before:
            return None
        await tx.run(_BURY, reader=reader.name, seq=seq, error=error, now=clock.now())
        await tx.run(_MOVE, reader=reader.name, seq=seq, now=clock.now())
    log.error("an announcement was set aside", merchant_id=merchant_id, reader=reader.name, seq=seq, error=error)
    return seq


def _told(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"[:1_000]


async def drop(tx: Tx, reader: str, seq: int) -> str:
    """Let one dead letter go unheard, for good; its kind. Refuses one that is not there. The announcement stays in the outbox."""
    kind = await tx.value(f"delete from dead_letter {_WHERE} returning kind", reader=reader, seq=seq)
    if kind is None:
        raise errors.NotFound(what="announcement set aside", what_zh="搁置的通告")
    return str(kind)


async def retry(database: Database, merchant_id: int, reader: Reader, seq: int) -> None:
    """Hand one dead letter to its reader again; gone when it succeeds. Refuses `StillFails`, and one that is not there.

    It is heard out of its turn, after what came behind it.
    """
    heard = {event.__struct_config__.tag: event for event in reader.reactions}
    async with database.read(merchant_id) as tx:
        row = await tx.one(
            "select o.kind, o.payload from dead_letter d join outbox o on o.merchant_id = d.merchant_id and o.seq = d.seq "
            "where d.merchant_id = %(merchant_id)s and d.reader = %(reader)s and d.seq = %(seq)s",
            reader=reader.name, seq=seq,
        )  # fmt: skip
    if row is None:
        raise errors.NotFound(what="announcement set aside", what_zh="搁置的通告")
    try:
        async with database.write(merchant_id) as tx:
            if await tx.run(f"delete from dead_letter {_WHERE}", reader=reader.name, seq=seq) and row.kind in heard:
                event = heard[row.kind]
                await reader.reactions[event](tx, [msgspec.convert(row.payload, event)])
    except errors.Unavailable:
        raise
    except Exception as fault:
        async with database.write(merchant_id) as tx:
            await tx.run(_BURY, reader=reader.name, seq=seq, error=_told(fault), now=clock.now())
        raise StillFails(error=_told(fault)) from fault
