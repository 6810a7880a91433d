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
"""The longest rest of a round that took everything; half as long as the round itself where that is less."""
BEHIND_SECONDS = 0.05
"""The shortest rest, and that of a round that could not take everything."""
MANY = 16
"""Merchants in one round, from which on their callers come first."""
LONGEST_REST_SECONDS = 2.0
"""Of such a round."""
LOOK_AROUND_SECONDS = 5
LONGEST_PAUSE_SECONDS = 30


async def keep_copying(mirror: Mirror, database: Database) -> None:
    """Copy until cancelled: at once after a quiet time, all merchants together. Under load with a rest half as long as the round,
    at most a fifth of a second; of many merchants no more than half of the time.

    When an engine is away, ingestion goes on; the loop waits longer and longer, then takes up where it was.
    """
    news: set[int] = set()
    wake = asyncio.Event()

    def tell(merchant_id: int, _: object) -> None:
        news.add(merchant_id)
        wake.set()

    database.on_news.append(tell)
    rounds = _Rounds(mirror, database, news)
    try:
        while True:
            wake.clear()
            await asyncio.sleep(await rounds.next())
            if not news:
                await _until(wake, LOOK_AROUND_SECONDS)
    finally:
        database.on_news.remove(tell)


class _Rounds:
    """One round after the other: who has news, and how long to wait before the next."""

    def __init__(self, mirror: Mirror, database: Database, news: set[int]) -> None:
        self._mirror, self._database, self._news = mirror, database, news
        self._pause = TICK_SECONDS
        self._looked = -float(LOOK_AROUND_SECONDS)
        self._begun = False

    async def next(self) -> float:
        """Copy what is new; the seconds to wait."""
        merchants = set(self._news)
        self._news.clear()
        began = clock.monotonic()
        try:
            if not self._begun:  # tables of another version are made anew, also where nothing is new
                await actions.copy(self._mirror, self._database, ())
                self._begun = True
            if clock.monotonic() - self._looked >= LOOK_AROUND_SECONDS:
                self._looked = clock.monotonic()
                async with self._database.directory() as tx:
                    merchants.update(await actions.behind(tx))
            more = await actions.copy(self._mirror, self._database, sorted(merchants)) if merchants else set()
            self._news.update(more)
            took = clock.monotonic() - began
            if len(merchants) > MANY:
                self._pause = min(max(TICK_SECONDS, took), LONGEST_REST_SECONDS)
            else:
                self._pause = BEHIND_SECONDS if more else min(max(BEHIND_SECONDS, took / 2), TICK_SECONDS)
        except (errors.Unavailable, MirrorGone, QueryFailed) as error:
            self._news.update(merchants)
            self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
            log.warning("the mirror is behind and will catch up", error=str(error)[:300], pause=self._pause)
        except Exception:  # a fault of ours stops the copying, not the shop
            self._news.update(merchants)
            self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
            log.exception("a round of the mirror failed and will be tried again", pause=self._pause)
        return self._pause


async def _until(wake: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), seconds)
    except TimeoutError:
        return
