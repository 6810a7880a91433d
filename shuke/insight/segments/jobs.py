"""What runs by itself: refreshing on schedule, and following what happens within about a second."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from shuke.ground import mirror, tenancy
from shuke.insight.segments import actions
from shuke.kit import clock, errors
from shuke.kit.db import Database

if TYPE_CHECKING:
    from pyroaring import BitMap

    from shuke.ground.mirror import Mirror

log = structlog.get_logger("segments")
REFRESH = actions.WORK
VERIFY = "segments_verify"
DEFAULT_MINUTES = 15
TICK_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 30
BACK = timedelta(minutes=1)
_KNOWN = "select merchant_id from due where kind = %(kind)s"


async def refresh_segments(database: Database, merchant_id: int) -> datetime | None:
    """Bring all segments of a merchant up to date; due again after the merchant's interval, or never while there are none."""
    at = clock.now()
    refreshed = await actions.refresh(database, mirror.of_process(), merchant_id, at)
    if not refreshed:
        return None
    async with database.read(merchant_id) as tx:
        told = (await tenancy.get_merchant(tx)).settings.get("segments", {})
    return at + timedelta(minutes=max(1, int(told.get("refresh_minutes", DEFAULT_MINUTES))))


async def verify_segments(database: Database, merchant_id: int) -> datetime | None:
    """Hold every segment against a whole recompute, each night at the fourth hour of the merchant's business date."""
    at = clock.now()
    await actions.verify(database, mirror.of_process(), merchant_id, at)
    async with database.read(merchant_id) as tx:
        merchant = await tenancy.get_merchant(tx)
    moment = mirror.Moment(merchant_id, at, merchant.zone, merchant.day_start_minutes)
    night = moment.starts(moment.day) + timedelta(hours=4)
    return night if night > at else moment.starts(moment.day + timedelta(days=1)) + timedelta(hours=4)


async def keep_living(opened: Mirror, database: Database) -> None:
    """Follow what the mirror of this process copies, and what time changes, until cancelled.

    Idle it waits for news or the next moment at which time changes something; after a start every merchant with segments is
    looked at once, so that nothing is missed that came while no process ran.
    """
    following = _Following(opened, database)
    opened.listeners.append(following.tell)
    try:
        async with database.directory() as tx:
            for row in await tx.rows(_KNOWN, kind=REFRESH):
                following.due[row.merchant_id] = clock.now()
        while True:
            await following.round()
            await following.wait()
    finally:
        opened.listeners.remove(following.tell)


class _Following:
    """When time changes something where, and whether there is news."""

    def __init__(self, opened: Mirror, database: Database) -> None:
        self._opened, self._database = opened, database
        self.due: dict[int, datetime] = {}
        self._wake = asyncio.Event()
        self._pause = TICK_SECONDS
        self._looked = clock.now()

    def tell(self, merchant_id: int, members: BitMap, echoed: BitMap) -> None:
        """News was copied of these members, or only echoes."""
        actions.note_changed(merchant_id, members, echoed)
        self._wake.set()

    async def round(self) -> None:
        """Every merchant with news or with something due, one after the other, each once; all, when the clock went back."""
        at = clock.now()
        if at < self._looked - BACK:
            self.due = dict.fromkeys(self.due, at)
            log.warning("the clock went back; all segments are looked at", seconds=(self._looked - at).total_seconds())
        self._looked = at
        waiting = [*actions.with_changes(), *(merchant for merchant, due in self.due.items() if due <= at)]
        async with self._database.directory() as tx:  # who is being loaded lives by a clock of its own
            waiting = await tenancy.open_among(tx, dict.fromkeys(waiting))
        for merchant_id in waiting:
            try:
                await self._one(merchant_id)
                self._pause = TICK_SECONDS
            except (errors.Unavailable, mirror.MirrorGone, mirror.QueryFailed) as error:
                self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
                log.warning("segments are behind and will catch up", error=str(error)[:300], pause=self._pause)
            except Exception:  # a fault of ours with one merchant's segments stops neither the others nor the shop
                self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
                log.exception("a round of segments failed and will be tried again", merchant_id=merchant_id)

    async def _one(self, merchant_id: int) -> None:
        at, due = clock.now(), self.due.get(merchant_id)
        timed = due is None or due <= at
        lived = await actions.live(self._database, self._opened, merchant_id, at, timed=timed)
        self.due[merchant_id] = lived.due if timed or due is None else min(due, lived.due)

    async def wait(self) -> None:
        """Until there is news, at least a tick apart; or until something is due."""
        await asyncio.sleep(self._pause)
        if actions.with_changes():
            return
        self._wake.clear()
        nearest = min(self.due.values(), default=None)
        seconds = 60.0 if nearest is None else max(0.0, min(60.0, (nearest - clock.now()).total_seconds()))
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
