"""Opening and closing the engines of a process, in the order that is safe: lock, PostgreSQL, migrations, mirror."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

import structlog

from shuke.doors import works  # declares what the mirror may copy, before it is opened
from shuke.doors.context import Context
from shuke.ground import access, mirror
from shuke.kit import errors, jobs
from shuke.kit.db import Bell, Database, embedded, migrate
from shuke.outreach import webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shuke.kit.config import Settings

log = structlog.get_logger("engines")
RETRY_SECONDS = 5


@asynccontextmanager
async def opened(
    settings: Settings, *, columnar: bool = True, pools: tuple[int, int] = (12, 8)
) -> AsyncIterator[Context]:
    """All engines, owned by this process; raises `embedded.AlreadyRunning` when another one has the data folder."""
    async with AsyncExitStack() as stack:
        if settings.embedded_database or (columnar and settings.embedded_mirror):
            stack.callback(os.close, embedded.lock_folder(settings.home))
        url, postmaster = settings.database_url, None
        if url is None:
            postmaster = embedded.Postmaster(settings.home)
            stack.callback(postmaster.stop)
            await asyncio.to_thread(postmaster.start)
            url = postmaster.url
        await asyncio.to_thread(migrate.upgrade, url)
        alone = postmaster is not None  # nobody else has this database open for longer than a command takes
        context = await _context(stack, settings, url, columnar=columnar, pools=pools, alone=alone)
        context.postmaster = postmaster
        yield context


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Context]:
    """PostgreSQL only: the running server's where there is one, else our own; for commands that need no mirror."""
    try:
        async with opened(settings, columnar=False, pools=(4, 4)) as context:
            yield context
            return
    except embedded.AlreadyRunning:
        pass
    async with AsyncExitStack() as stack:
        url = settings.database_url or embedded.Postmaster(settings.home).url
        yield await _context(stack, settings, url, columnar=False, pools=(4, 4))


async def _context(
    stack: AsyncExitStack, settings: Settings, url: str, *, columnar: bool, pools: tuple[int, int], alone: bool = False
) -> Context:
    database = await Database.open(url, *pools)
    stack.push_async_callback(database.close)
    context = Context(settings=settings, database=database, keys=access.KeyRing(database))
    context.bell = Bell(database)
    if not alone:
        ringing = asyncio.create_task(context.bell.ring(), name="bell")
        stack.push_async_callback(_rung_out, context.bell, ringing)
    webhooks.allow(settings.webhook_networks)
    context.jobs = jobs.Jobs(database)
    await context.jobs.open()
    stack.push_async_callback(context.jobs.close)
    jobs.register(context.jobs, works.WORKS)
    if columnar:
        await _open_mirror(stack, context)
    return context


async def _open_mirror(stack: AsyncExitStack, context: Context) -> None:
    """The columnar copy; where its server does not answer, everything but its figures works, and we go on trying."""
    try:
        context.mirror = await mirror.open_mirror(mirror_url(context.settings))
    except errors.Unavailable as outage:
        log.warning("the mirror does not answer; its figures wait", error=str(outage)[:200])
        later = asyncio.create_task(_open_mirror_later(context))
        stack.push_async_callback(_given_up, later)
    stack.push_async_callback(_close_mirror, context)


async def _open_mirror_later(context: Context) -> None:
    while context.mirror is None:
        await asyncio.sleep(RETRY_SECONDS)
        with suppress(errors.Unavailable):
            context.mirror = await mirror.open_mirror(mirror_url(context.settings))


async def _rung_out(bell: Bell, ringing: asyncio.Task[None]) -> None:
    """What was committed last is called out too, where the database still answers."""
    await _given_up(ringing)
    with suppress(errors.Unavailable):
        await bell.flush()


async def _given_up(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _close_mirror(context: Context) -> None:
    if context.mirror is not None:
        await mirror.close_mirror(context.mirror)


def mirror_url(settings: Settings) -> str:
    """Where the columnar engine is: the setting's, or a folder beside the database's."""
    return settings.mirror_url or f"chdb:///{str(settings.home / 'mirror').lstrip('/')}"
