"""The loop of a process in which segments follow what happens within about a second."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from shuke.ground import mirror, tenancy
from shuke.insight import segments
from shuke.insight.segments import jobs as segments_jobs
from shuke.kit import clock, errors

if TYPE_CHECKING:
    from pyroaring import BitMap

    from shuke.ground.mirror import Mirror
    from shuke.kit.db import Database

log = structlog.get_logger("segments")
REST_SECONDS = 0.05
"""Between two rounds: the mirror, which brings the news, rests by itself."""
LONGEST_PAUSE_SECONDS = 30
LANES = 3
"""So many merchants' rounds beside each other."""
BACK = timedelta(minutes=1)
_KNOWN = "select merchant_id from due where kind = %(kind)s"


async def keep_living(opened: Mirror, database: Database) -> None:
    """Follow what the mirror of this process copies, and what time changes, until cancelled.

    Idle it waits for news or the next moment at which time changes something; after a start every merchant with segments is
    looked at once, so that nothing is missed that came while no process ran.
    """
    following = _Following(opened, database)
    opened.listeners.append(following.tell)
    try:
        async with database.directory() as tx:
            for row in await tx.rows(_KNOWN, kind=segments_jobs.REFRESH):
                following.due[row.merchant_id] = clock.now()
        while True:
            await following.begin()
            await following.wait()
    finally:
        opened.listeners.remove(following.tell)
        await following.stop()


class _Following:
    """When time changes something where, whether there is news, and who is at work: a few merchants beside each other, so that the
    crowd of one holds nobody else's news."""

    def __init__(self, opened: Mirror, database: Database) -> None:
        self._opened, self._database = opened, database
        self.due: dict[int, datetime] = {}
        self._wake = asyncio.Event()
        self._pause = REST_SECONDS
        self._looked = clock.now()
        self._lanes = asyncio.Semaphore(LANES)
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._closed: set[int] = set()

    def tell(self, merchant_id: int, members: BitMap, echoed: BitMap) -> None:
        """News was copied of these members, or only echoes."""
        segments.note_changed(merchant_id, members, echoed)
        self._wake.set()

    async def round(self) -> None:
        """Every merchant with news or with something due, once."""
        await self.begin()
        await asyncio.gather(*self._busy.values())

    async def begin(self) -> None:
        """Start on every merchant with news or with something due that is not at work; on all, when the clock went back."""
        at = clock.now()
        if at < self._looked - BACK:
            self.due = dict.fromkeys(self.due, at)
            log.warning("the clock went back; all segments are looked at", seconds=(self._looked - at).total_seconds())
        self._looked = at
        waiting = self._waiting(at)
        async with self._database.directory() as tx:  # who is being loaded lives by a clock of its own
            opened = await tenancy.open_among(tx, waiting)
        self._closed = {*waiting} - {*opened}
        for merchant_id in opened:
            task = asyncio.create_task(self._in_turn(merchant_id), name=f"segments {merchant_id}")
            self._busy[merchant_id] = task
            task.add_done_callback(lambda _, merchant_id=merchant_id: self._finished(merchant_id))  # type: ignore[misc]

    def _waiting(self, at: datetime) -> list[int]:
        waiting = [*segments.with_changes(), *(merchant for merchant, due in self.due.items() if due <= at)]
        return [merchant_id for merchant_id in dict.fromkeys(waiting) if merchant_id not in self._busy]

    def _finished(self, merchant_id: int) -> None:
        del self._busy[merchant_id]
        self._wake.set()

    async def stop(self) -> None:
        """Leave what is at work; who changed is kept."""
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _in_turn(self, merchant_id: int) -> None:
        async with self._lanes:
            try:
                await self._one(merchant_id)
                self._pause = REST_SECONDS
            except (errors.Unavailable, mirror.MirrorGone, mirror.QueryFailed) as error:
                self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
                log.warning("segments are behind and will catch up", error=str(error)[:300], pause=self._pause)
            except Exception:  # a fault of ours with one merchant's segments stops neither the others nor the shop
                self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
                log.exception("a round of segments failed and will be tried again", merchant_id=merchant_id)

    async def _one(self, merchant_id: int) -> None:
        at, due = clock.now(), self.due.get(merchant_id)
        timed = due is None or due <= at
        lived = await segments.live(self._database, self._opened, merchant_id, at, timed=timed)
        self.due[merchant_id] = lived.due if timed or due is None else min(due, lived.due)

    async def wait(self) -> None:
        """Until there is news, after a short rest; or until something is due. Who was not open is looked at every second."""
        await asyncio.sleep(self._pause)
        if not self._closed.issuperset(self._waiting(clock.now())):
            return
        self._wake.clear()
        left = self._closed.union(self._busy)
        nearest = min((due for merchant_id, due in self.due.items() if merchant_id not in left), default=None)
        longest = 1.0 if self._closed else 60.0
        seconds = longest if nearest is None else max(0.0, min(longest, (nearest - clock.now()).total_seconds()))
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
