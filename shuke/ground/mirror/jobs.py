"""The loop that keeps the copy in step while a process runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from shuke.ground.mirror import actions
from shuke.ground.mirror.engines import MirrorGone, QueryFailed
from shuke.kit import clock, errors

if TYPE_CHECKING:
    from shuke.ground.mirror.queries import Mirror
    from shuke.kit.db import Database

log = structlog.get_logger("mirror")
TICK_SECONDS = 0.2
LOOK_AROUND_SECONDS = 5
LONGEST_PAUSE_SECONDS = 30


async def keep_copying(mirror: Mirror, database: Database) -> None:
    """Copy until cancelled: as soon as a merchant has news, at most every 200 ms, all merchants together.

    When an engine is away, ingestion goes on; the loop waits longer and longer, then takes up where it was.
    """
    news: set[int] = set()
    wake = asyncio.Event()

    def tell(merchant_id: int) -> None:
        news.add(merchant_id)
        wake.set()

    database.on_news.append(tell)
    pause = TICK_SECONDS
    looked = -float(LOOK_AROUND_SECONDS)
    try:
        while True:
            merchants = set(news)
            news.clear()
            wake.clear()
            try:
                if clock.monotonic() - looked >= LOOK_AROUND_SECONDS:
                    looked = clock.monotonic()
                    merchants.update(await _behind(database))
                news.update(await actions.copy(mirror, database, sorted(merchants)) if merchants else ())
                pause = TICK_SECONDS
            except (errors.Unavailable, MirrorGone, QueryFailed) as error:
                news.update(merchants)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
                log.warning("the mirror is behind and will catch up", error=str(error)[:300], pause=pause)
            await asyncio.sleep(pause)
            if not news:
                await _until(wake, LOOK_AROUND_SECONDS)
    finally:
        database.on_news.remove(tell)


async def _behind(database: Database) -> list[int]:
    async with database.directory() as tx:
        return await actions.behind(tx)


async def _until(wake: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), seconds)
    except TimeoutError:
        return
