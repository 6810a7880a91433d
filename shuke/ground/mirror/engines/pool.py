"""The threads in which all calls to the engine run, each with a client of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from shuke.kit import clock, errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")
READERS = 3
QUERY_SECONDS = 30
DELETE_SECONDS = 120
LOOK_SECONDS = 0.01


class MirrorGone(errors.Unavailable):
    """The columnar engine does not answer; what it copies is safe elsewhere."""


class QueryFailed(Exception):
    """The engine refused a statement of ours: a fault, with the engine's words."""


class TooMuch(errors.Refused, QueryFailed):
    """This question asks for more memory or time than the engine may spend on one."""

    code = "too_much_to_read"
    http_status = 422
    zh = "要看的数据太多，超出了一次查询的内存或时间限制。"
    cure = "Narrow the time windows, or ask for fewer conditions at once."
    cure_zh = "请缩小时间窗，或减少条件。"


_TOO_MUCH = ("MEMORY_LIMIT_EXCEEDED", "TIMEOUT_EXCEEDED", "TOO_SLOW")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between engines: how to connect, the engine line of a table, memory for queries, one owner or many."""

    connect: Callable[[Mapping[str, Any]], Any]
    table_engine: str
    memory: int
    shared: bool


class Engine:
    """An open engine. Reads run on a few threads, writes one after the other on one; `close` before the process ends."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._local = threading.local()
        self._clients: list[Any] = []
        self._guard = threading.Lock()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="mirror-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="mirror-write")

    def _client(self) -> Any:
        client = getattr(self._local, "client", None)
        if client is None:
            settings = {
                "max_execution_time": QUERY_SECONDS,
                "max_memory_usage": self.dialect.memory // 2,
                "max_bytes_before_external_group_by": self.dialect.memory // 3,
                "join_use_nulls": 1,
                "log_queries": 0,
                "use_uncompressed_cache": 1,  # only where few rows are read
                "max_query_size": 8_000_000,
                "max_ast_elements": 500_000,
                "max_expanded_ast_elements": 5_000_000,
            }
            client = self.dialect.connect(settings)
            self._local.client = client
            with self._guard:
                self._clients.append(client)
        return client

    async def _run(self, pool: ThreadPoolExecutor, call: Callable[[Any], T]) -> T:
        def work() -> T:
            from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError  # as late as the engine

            try:
                return call(self._client())
            except (OperationalError, OSError, RuntimeError, ClickHouseError) as error:
                if any(sign in str(error) for sign in _TOO_MUCH):
                    raise TooMuch from error
                if not isinstance(error, OperationalError) and isinstance(error, ClickHouseError):
                    raise QueryFailed(str(error)[:2000]) from error
                self._forget()
                raise MirrorGone(str(error)[:500]) from error

        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def _forget(self) -> None:
        client = getattr(self._local, "client", None)
        if client is None or not self.dialect.shared:
            return
        self._local.client = None
        with self._guard:
            self._clients.remove(client)
        client.close()

    async def bytes(self, sql: str, form: str = "RowBinary") -> bytes:
        """The answer to a question in one of the engine's own forms."""
        return await self._run(self._readers, lambda client: client.raw_query(f"{sql}\nFORMAT {form}"))

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to a question as tuples."""
        return await self._run(self._readers, lambda client: client.query(sql).result_rows)

    async def table(self, sql: str) -> pa.Table:
        """The answer to a question by column."""
        return await self._run(self._readers, lambda client: client.query_arrow(sql))

    async def command(self, sql: str) -> None:
        """Change something: create, delete, insert from a question."""
        await self._run(self._writer, lambda client: client.command(sql))

    async def delete(self, table: str, where: str) -> None:
        """Take rows out of one physical table; raises `QueryFailed` where the engine does not get through with it.

        The engine deletes in the background. Waiting for it inside the statement has no limit, and was seen not to end.
        """
        await self.command(f"DELETE FROM {table} WHERE {where} SETTINGS lightweight_deletes_sync = 0")
        ours = f"database = currentDatabase() AND table = '{table}' AND NOT is_done"
        until = clock.monotonic() + DELETE_SECONDS
        while await self.rows(f"SELECT 1 FROM system.mutations WHERE {ours} LIMIT 1"):
            if clock.monotonic() > until:
                await self.command(f"KILL MUTATION WHERE {ours}")
                raise QueryFailed(f"a deletion from {table} did not end in {DELETE_SECONDS} seconds and was given up")
            await asyncio.sleep(LOOK_SECONDS)

    async def insert(self, parts: Sequence[tuple[str, pa.Table]]) -> None:
        """Add rows to physical tables, one after the other, in one turn of the thread that writes."""

        def add(client: Any) -> None:
            for table, rows in parts:
                client.insert_arrow(table, rows)

        await self._run(self._writer, add)

    async def close(self) -> None:
        """Wait for what runs, then give the data folder free."""
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._readers.shutdown(wait=True)
        self._writer.shutdown(wait=True)
        for client in self._clients:
            client.close()
        self._clients.clear()
