"""Opening and closing the engines of a process, in the order that is safe: lock, PostgreSQL, migrations, mirror."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from shuke.doors.context import Context
from shuke.ground import access
from shuke.kit.db import Database, embedded, migrate
from shuke.kit.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shuke.kit.config import Settings


@asynccontextmanager
async def opened(
    settings: Settings, *, mirror: bool = True, pools: tuple[int, int] = (12, 8)
) -> AsyncIterator[Context]:
    """All engines, owned by this process; raises `embedded.AlreadyRunning` when another one has the data folder."""
    async with AsyncExitStack() as stack:
        if settings.embedded_database or (mirror and settings.embedded_mirror):
            stack.callback(os.close, embedded.lock_folder(settings.home))
        url = settings.database_url
        if url is None:
            postmaster = embedded.Postmaster(settings.home)
            stack.callback(postmaster.stop)
            await asyncio.to_thread(postmaster.start)
            url = postmaster.url
        await asyncio.to_thread(migrate.upgrade, url)
        yield await _context(stack, settings, url, mirror=mirror, pools=pools)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Context]:
    """PostgreSQL only: the running server's where there is one, else our own; for commands that need no mirror."""
    try:
        async with opened(settings, mirror=False, pools=(4, 4)) as context:
            yield context
            return
    except embedded.AlreadyRunning:
        pass
    async with AsyncExitStack() as stack:
        url = settings.database_url or embedded.Postmaster(settings.home).url
        yield await _context(stack, settings, url, mirror=False, pools=(4, 4))


async def _context(
    stack: AsyncExitStack, settings: Settings, url: str, *, mirror: bool, pools: tuple[int, int]
) -> Context:
    database = await Database.open(url, *pools)
    stack.push_async_callback(database.close)
    context = Context(settings=settings, database=database, keys=access.KeyRing(database))
    jobs = Jobs(database)
    await jobs.open()
    stack.push_async_callback(jobs.close)
    context.jobs = jobs
    if mirror:
        await _open_mirror(stack, context)
    return context


async def _open_mirror(stack: AsyncExitStack, context: Context) -> None:
    """The columnar copy; without it everything but its figures works."""
