"""One real PostgreSQL for the whole run; every test gets merchants of its own."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shuke.kit import clock
from shuke.kit.db import Database, embedded, migrate

_slugs = itertools.count(1)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder for this run, with a space in its path, reachable for the database's own account."""
    folder = tmp_path_factory.mktemp("a home", numbered=True)
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return folder


@pytest.fixture(scope="session")
def database_url(home: Path) -> Iterator[str]:
    """The embedded server, migrated; stopped at the end of the run."""
    postmaster = embedded.Postmaster(home)
    postmaster.start()
    try:
        migrate.upgrade(postmaster.url)
        yield postmaster.url
    finally:
        postmaster.stop()


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    import uvloop

    return uvloop.EventLoopPolicy()


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """The pools, shared by all tests."""
    opened = await Database.open(database_url, size=8, hot_size=4)
    yield opened
    await opened.close()


@pytest.fixture
async def merchant_id(database: Database) -> int:
    """A fresh merchant in Asia/Shanghai with the default rule (1 point per net yuan) and one store `s1`."""
    from shuke.doors import setup

    return await setup.create_merchant(
        database,
        slug=f"shop-{next(_slugs)}-{os.getpid()}",
        name="测试小店",
        zone="Asia/Shanghai",
        stores=["s1"],
        at=clock.now(),
    )
