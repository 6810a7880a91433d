"""Groups concurrent single calls into transactions: fair between merchants, no timer, each caller its own verdict."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shuke.ground import ingestion
from shuke.kit import errors
from shuke.programs.intake.actions.apply import Answer, apply, apply_across

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.kit.db import Database

MOST = 96
"""Items in one transaction, at the most."""
SHARED = 32
"""The same while other merchants wait too: a long transaction of one keeps the processor from all."""
LANES = 3
"""Transactions one merchant may have open at once, when it is alone; else one."""
WIDEN_AT = 8
"""Items that must be waiting before a merchant gets a further lane."""
TOGETHER = 24
"""Merchants that share a transaction, at the most."""
FEW = 4
"""Items that a merchant may have waiting to be taken along with others; who has more goes alone."""
QUEUE_LIMIT = 2_048
"""Items one merchant may have waiting; more are asked to come back."""

Waiting = tuple[ingestion.Item, "asyncio.Future[Answer]"]


@dataclass(slots=True)
class _Line:
    """One merchant's items that wait, and how many of its transactions are open."""

    merchant_id: int
    waiting: deque[Waiting] = field(default_factory=deque)
    open_lanes: int = 0
    ready: bool = False


class Collector:
    """Whatever queued while the last transaction ran becomes the next one; merchants take turns."""

    def __init__(self, database: Database, workers: int = 6) -> None:
        self._database = database
        self._most_workers = workers
        self._workers = 0
        self._lines: dict[int, _Line] = {}
        self._ready: deque[_Line] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def submit(self, merchant_id: int, item: ingestion.Item) -> Answer:
        """Record one item, together with what others send at this moment; its verdict. Full: `Unavailable`."""
        return await self.put(merchant_id, item)

    def put(self, merchant_id: int, item: ingestion.Item) -> asyncio.Future[Answer]:
        """The same without waiting: the verdict to come."""
        line = self._lines.get(merchant_id)
        if line is None:
            line = self._lines[merchant_id] = _Line(merchant_id)
        if self._closing or len(line.waiting) >= QUEUE_LIMIT:
            raise errors.Unavailable("too much is waiting for this merchant")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        line.waiting.append((item, future))
        self._make_ready(line)
        return future

    def _make_ready(self, line: _Line) -> None:
        lanes = LANES if len(self._lines) == 1 else 1
        if line.ready or not line.waiting or line.open_lanes >= lanes:
            return
        if line.open_lanes and len(line.waiting) < WIDEN_AT:
            return
        line.ready = True
        self._ready.append(line)
        if self._workers < self._most_workers:
            self._workers += 1
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        """Serve merchants in turn until none is ready."""
        await asyncio.sleep(0)  # let calls that arrive in this very turn of the loop join
        try:
            while self._ready:
                along = self._along()
                if len(along) > 1:
                    await self._turn_together(along)
                else:
                    await self._turn(along[0] if along else self._ready.popleft())
        finally:
            self._workers -= 1

    def _along(self) -> list[_Line]:
        """Lines that are ready and have little to say, taken from the queue; the others keep their places."""
        if len(self._ready) == 1:
            return []
        chosen: list[_Line] = []
        others: deque[_Line] = deque()
        while self._ready and len(chosen) < TOGETHER:
            line = self._ready.popleft()
            few = len(line.waiting) <= FEW and not any(isinstance(item, ingestion.RefundIn) for item, _ in line.waiting)
            (chosen if few and not line.open_lanes else others).append(line)
        self._ready.extendleft(reversed(others))
        return chosen

    async def _turn_together(self, lines: list[_Line]) -> None:
        """One transaction of several merchants."""
        taken = []
        for line in lines:
            line.ready = False
            line.open_lanes += 1
            taken.append(_take(line, FEW))
        try:
            parts = [
                (line.merchant_id, [item for item, _ in chosen]) for line, chosen in zip(lines, taken, strict=True)
            ]
            for chosen, answers in zip(taken, await apply_across(self._database, parts), strict=True):
                _tell(chosen, answers)
        except Exception as error:
            for chosen in taken:
                _tell(chosen, error)
        finally:
            for line in lines:
                self._leave(line)

    def _leave(self, line: _Line) -> None:
        line.open_lanes -= 1
        self._make_ready(line)
        if not line.waiting and not line.open_lanes:
            self._lines.pop(line.merchant_id, None)

    async def _turn(self, line: _Line) -> None:
        """One transaction of one merchant; while it runs, another lane of the line may be served."""
        line.ready = False
        chosen = _take(line, SHARED if len(self._lines) > 1 else MOST)
        line.open_lanes += 1
        self._make_ready(line)
        try:
            await self._serve(line.merchant_id, chosen)
        finally:
            self._leave(line)

    async def _serve(self, merchant_id: int, chosen: list[Waiting]) -> None:
        try:
            _tell(chosen, await apply(self._database, merchant_id, [item for item, _ in chosen]))
        except Exception as error:
            _tell(chosen, error)

    async def close(self) -> None:
        """Take nothing more and finish what waits."""
        self._closing = True
        while self._tasks:
            await asyncio.wait(self._tasks)


def _tell(chosen: Sequence[Waiting], answers: Sequence[Answer] | Exception) -> None:
    """Give each caller the verdict, or the fault, which the door logs."""
    for place, (_, future) in enumerate(chosen):
        if future.done():
            continue
        if isinstance(answers, Exception):
            future.set_exception(answers)
        else:
            future.set_result(answers[place])


def _take(line: _Line, most: int) -> list[Waiting]:
    """The next items of one transaction: refunds stand apart from orders and events."""
    waiting = line.waiting
    refunds = isinstance(waiting[0][0], ingestion.RefundIn)
    chosen: list[Waiting] = []
    while waiting and len(chosen) < most and isinstance(waiting[0][0], ingestion.RefundIn) == refunds:
        chosen.append(waiting.popleft())
    return chosen
