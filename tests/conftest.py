"""One real PostgreSQL for the whole run; every test gets merchants of its own."""

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shuke.doors.context import Context
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


def pytest_asyncio_loop_factories() -> dict[str, Any]:
    """Tests run on the loop that the product runs on."""
    import uvloop

    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """The pools, shared by all tests; hundreds of tasks may queue for them on a slow machine."""
    opened = await Database.open(database_url, size=8, hot_size=4, patience=60)
    yield opened
    await opened.close()


@pytest.fixture
async def merchant_id(database: Database) -> int:
    """A fresh merchant in Asia/Shanghai with the default rule (1 point per net yuan) and one store `s1`."""
    return await make_merchant(database)


async def make_merchant(database: Database) -> int:
    """One more of them."""
    from shuke.doors import setup

    return await setup.create_merchant(
        database,
        slug=f"shop-{next(_slugs)}-{os.getpid()}",
        name="测试小店",
        zone="Asia/Shanghai",
        stores=["s1"],
        at=clock.now(),
    )


@pytest.fixture(scope="session")
async def context(database: Database, home: Path, database_url: str) -> AsyncIterator[Context]:
    """What a process holds open, without the mirror."""
    from shuke.ground import access
    from shuke.kit import config
    from shuke.kit.jobs import Jobs

    settings = config.load({"SHUKE_HOME": str(home), "SHUKE_DATABASE_URL": database_url})
    jobs = Jobs(database)
    await jobs.open()
    yield Context(settings=settings, database=database, keys=access.KeyRing(database), jobs=jobs)
    await jobs.close()


@pytest.fixture(scope="session")
async def columns(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """The columnar engine with every room's facts; a process has one, so all tests share it.

    `SHUKE_TEST_MIRROR` names a ClickHouse server to ask instead of the engine in this process.
    """
    from shuke.doors import wiring
    from shuke.ground import mirror

    assert wiring.FACTS
    own = f"chdb://{tmp_path_factory.mktemp('columns', numbered=True)}"
    opened = await mirror.open_mirror(os.environ.get("SHUKE_TEST_MIRROR", own))
    yield opened
    await mirror.close_mirror(opened)


@pytest.fixture
def mirrored(context: Context, columns: Any) -> Iterator[Context]:
    """The open process, with the mirror."""
    context.mirror = columns
    yield context
    context.mirror = None


@pytest.fixture(scope="session")
async def app(context: Context) -> AsyncIterator[Any]:
    """The web application, as `shuke web` serves it."""
    from shuke.doors import asgi
    from shuke.programs.intake import Collector
    from shuke.programs.intake.open_api import Intake

    collector = Collector(context.database)
    yield asgi.create_app(context, Intake(context.database, collector, context.keys))
    await collector.close()


@pytest.fixture
def client(app: Any) -> httpx.AsyncClient:
    """Somebody who is not signed in."""
    return browser(app)


@pytest.fixture
async def owner(app: Any, database: Database, merchant_id: int) -> httpx.AsyncClient:
    """The owner of the fresh merchant, signed in on the console."""
    return await signed_in(app, database, merchant_id, ("owner", None))


def browser(app: Any) -> httpx.AsyncClient:
    """A client with a cookie jar of its own."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shuke.test")


async def signed_in(
    app: Any, database: Database, merchant_id: int, *roles: tuple[str, str | None]
) -> httpx.AsyncClient:
    """Create a member of staff with these roles and sign them in; the client sends the CSRF header by itself."""
    from shuke.ground import access

    login = f"staff-{merchant_id}-{next(_slugs)}"
    password = "correct horse battery"
    hashed = await access.hash_password(password)
    async with database.write(merchant_id) as tx:
        await access.create_staff(tx, login=login, name="小美", password_hash=hashed, roles=roles, at=clock.now())
    client = browser(app)
    answer = await client.post("/console/api/session", json={"login": login, "password": password})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client
