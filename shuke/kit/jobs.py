"""Background work: named jobs that carry their merchant, run by Procrastinate over our own PostgreSQL."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import procrastinate
from procrastinate import App, PsycopgConnector

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection

    from shuke.kit.db import Database

Job = "Callable[[Database, int], Awaitable[Any]]"


def install_queue(connection: Connection) -> None:
    """Create the tables of the job queue (its own schema file, once, from a migration)."""
    sql = (resources.files(procrastinate) / "sql" / "schema.sql").read_text()
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(sql)


class Jobs:
    """The queue of one process. Every job is a function of (database, merchant_id, **arguments), safe to repeat."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.app = App(connector=PsycopgConnector(conninfo=database.url, min_size=1, max_size=4))
        self._tasks: dict[str, Any] = {}

    def register(self, name: str, run: Callable[..., Awaitable[Any]], attempts: int = 5) -> None:
        """Make a job known by name; it is tried again, waiting longer each time, at most `attempts` times."""

        async def carry(merchant_id: int, **arguments: Any) -> None:
            await run(self.database, merchant_id, **arguments)

        retry = procrastinate.RetryStrategy(max_attempts=attempts, exponential_wait=3)
        self._tasks[name] = self.app.task(name=name, retry=retry)(carry)

    async def later(self, name: str, merchant_id: int, once: str | None = None, **arguments: Any) -> None:
        """Queue a job; with `once`, a second one waiting under the same word is not added."""
        task = self._tasks[name].configure(queueing_lock=f"{name}:{merchant_id}:{once}" if once else None)
        try:
            await task.defer_async(merchant_id=merchant_id, **arguments)
        except procrastinate.exceptions.AlreadyEnqueued:
            return

    async def run(self, concurrency: int = 2) -> None:
        """Work until cancelled."""
        await self.app.run_worker_async(
            concurrency=concurrency,
            install_signal_handlers=False,
            delete_jobs="successful",
            fetch_job_polling_interval=5,
        )
