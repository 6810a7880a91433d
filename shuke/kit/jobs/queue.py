"""The queue: named jobs that carry their merchant, run by Procrastinate over our own PostgreSQL."""

from __future__ import annotations

import asyncio
from importlib import resources
from typing import TYPE_CHECKING, Any

import procrastinate
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate import exceptions as refusals
from procrastinate.jobs import Status

from shuke.kit import errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection

    from shuke.kit.db import Database

log = structlog.get_logger("jobs")
LOST_AFTER_SECONDS = 30.0  # a worker that has not been heard of for so long is gone, and its jobs are taken up again


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

    async def open(self) -> None:
        """Connect to the queue."""
        await self.app.open_async()

    async def close(self) -> None:
        """Give the connections of the queue back."""
        await self.app.close_async()

    def register(self, name: str, run: Callable[..., Awaitable[Any]], attempts: int = 5) -> None:
        """Make a job known by name; it is tried again, waiting longer each time, at most `attempts` times."""

        async def carry(merchant_id: int, **arguments: Any) -> None:
            await run(self.database, merchant_id, **arguments)

        retry = procrastinate.RetryStrategy(max_attempts=attempts, exponential_wait=3)
        self._tasks[name] = self.app.task(name=name, retry=retry)(carry)

    async def later(
        self, name: str, merchant_id: int, once: str | None = None, alone: bool = False, **arguments: Any
    ) -> bool:
        """Queue a job; whether it was added.

        With `once`, a second one waiting under the same word is not added. With `alone`, two of this name never run
        at the same time at one merchant.
        """
        task = self._tasks[name].configure(
            queueing_lock=f"{name}:{merchant_id}:{once}" if once else None,
            lock=f"{name}:{merchant_id}" if alone else None,
        )
        try:
            await task.defer_async(merchant_id=merchant_id, **arguments)
        except refusals.AlreadyEnqueued:
            return False
        except refusals.ConnectorException as error:
            raise errors.Unavailable("the queue does not answer") from error
        return True

    async def run(self, concurrency: int = 2) -> None:
        """Work until cancelled; also takes up what a killed worker left unfinished."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rescue())
            group.create_task(self._work(concurrency))

    async def _work(self, concurrency: int) -> None:
        while True:
            try:
                await self.app.run_worker_async(
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=5,
                    shutdown_graceful_timeout=10,
                )
            except refusals.ConnectorException:
                log.warning("the database does not answer; jobs wait")
            await asyncio.sleep(1)

    async def drain(self) -> None:
        """Run what is waiting now, and return; for tests and single commands."""
        await self.app.run_worker_async(
            wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="successful"
        )

    async def _rescue(self) -> None:
        while True:
            try:
                await self.take_up(LOST_AFTER_SECONDS)
            except refusals.ConnectorException:
                log.warning("the database does not answer; jobs wait")
            await asyncio.sleep(LOST_AFTER_SECONDS)

    async def take_up(self, lost_after_seconds: float) -> int:
        """Give the jobs of workers that are gone back to the queue; how many there were."""
        lost = list(await self.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=lost_after_seconds))
        for job in lost:
            try:
                await self.app.job_manager.retry_job(job)
            except (refusals.UniqueViolation, refusals.AlreadyEnqueued):
                # the same work waits already; this one has nothing left to do
                await self.app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        return len(lost)
