"""A merchant's copy made anew, or far behind: large portions, of which the next are read while one is written."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from shuke.ground.mirror.actions.copying import (
    Batch,
    Portion,
    begin,
    collect,
    forget,
    store,
    take_lease,
    tell,
    undisturbed,
)
from shuke.ground.mirror.queries import freshness, wait_for

if TYPE_CHECKING:
    from shuke.ground.mirror.queries import Mirror
    from shuke.kit.db import Database

LARGE = Portion(40_000, 1_000_000, 3 << 20, 6)
"""For a copy made anew: some 50 MB of Python each, while one is written and others are read."""
AHEAD = 2
"""Large portions that are read before their turn."""


async def rebuild(mirror: Mirror, database: Database, merchant_id: int) -> int:
    """Throw one merchant's copy away and make it anew from the first announcement; how many there were. Repeatable."""
    async with mirror.busy:
        if not mirror.rewound:
            await begin(mirror, database)
            mirror.rewound = True
        async with database.directory() as tx:
            await tx.run(
                "update mirror_cursor set seq = 0, latest_at = null, marks = '{}' where merchant_id = %(m)s",
                m=merchant_id,
            )
        for table in mirror.registry.tables.values():
            for name, _ in table.physical:
                await forget(mirror, name, {merchant_id: 0})
    return await drain(mirror, database, merchant_id)


async def drain(mirror: Mirror, database: Database, merchant_id: int) -> int:
    """Copy until everything is in that the merchant has announced by now; the number of the last announcement.

    Where another process copies, wait for it. Where much is to be copied, the next portion is read while one is written.
    """
    async with database.directory() as tx:
        head = (await freshness(tx, merchant_id)).head
    reading = _Reading(mirror, database, merchant_id)
    try:
        while True:
            async with mirror.busy:
                async with database.directory() as tx:
                    place = await freshness(tx, merchant_id)
                if place.seq >= head:
                    return head
                batches: list[Batch] | None = None
                if await take_lease(mirror, database):
                    async with undisturbed(mirror, database):
                        batches = await reading.take()
                        await store(mirror, database, batches)
            if batches is not None:
                tell(mirror, batches)
            else:
                await reading.stop()
                await wait_for(0.1)
    finally:
        await reading.stop()


class _Reading:
    """Portions of one merchant that are read before their turn, each from where the one before it will end."""

    def __init__(self, mirror: Mirror, database: Database, merchant_id: int) -> None:
        self._asked = (mirror, database, merchant_id)
        self._begun: deque[asyncio.Task[Batch | None]] = deque()
        self._next: int | None = None

    async def take(self) -> list[Batch]:
        """The portion behind the cursor, as it stands now: another may have copied meanwhile."""
        _, database, merchant_id = self._asked
        async with database.directory() as tx:
            place = (await freshness(tx, merchant_id)).seq
        batch = await self._first(place)
        if batch is None or batch.after != place:
            await self.stop()
            batch = await self._first(place)
        return [] if batch is None else [batch]

    async def _first(self, place: int) -> Batch | None:
        if not self._begun:
            self._next = place
        self._go_on()
        batch = await self._begun[0]
        self._begun.popleft()
        self._go_on()
        return batch

    def _go_on(self) -> None:
        if self._next is not None and len(self._begun) < AHEAD:
            after, self._next = self._next, None
            self._begun.append(asyncio.create_task(collect(*self._asked, LARGE, (after, self._placed))))

    def _placed(self, until: int | None) -> None:
        self._next = until
        self._go_on()

    async def stop(self) -> None:
        """Give up what was read ahead."""
        begun, self._next = list(self._begun), None
        self._begun.clear()
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
