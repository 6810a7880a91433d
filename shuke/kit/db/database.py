"""The pools and the three kinds of transaction: a merchant's write, a merchant's read, and the directory."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from shuke.kit import errors
from shuke.kit.db.convoy import Convoy, Seat
from shuke.kit.db.tx import Tx
from shuke.kit.ids import Ids

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence

T = TypeVar("T")
IN_THE_WAY = (pg.DeadlockDetected, pg.SerializationFailure, pg.UniqueViolation)
"""Another transaction was in the way; the same work may succeed when it is done again."""
# A plan cached while a table was empty costs five times the CPU later: hot connections use generic index plans.
HOT_OPTIONS = (
    "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off "
    "-c jit=off"
)


class MerchantGone(errors.Refused):
    """There is no merchant with number {merchant_id}."""

    code = "merchant_gone"
    http_status = 404
    zh = "没有编号为 {merchant_id} 的商户。"
    cure = "Check the merchant's number; `shuke status` lists them."
    cure_zh = "请核对商户编号,`shuke status` 会列出全部商户。"


class Database:
    """PostgreSQL as the rooms see it. Open with `Database.open`, close with `close`."""

    def __init__(self, url: str, pool: AsyncConnectionPool, hot_pool: AsyncConnectionPool) -> None:
        self.url = url
        self._pool = pool
        self._hot_pool = hot_pool
        self.ids = Ids(self._next_blocks)
        self.memory: dict[Any, Any] = {}
        self.on_news: list[Callable[[int, Collection[str]], None]] = []
        """Told after a commit, here or in another process: whose, and which kinds of announcement."""
        self.on_words: list[Callable[[Collection[str]], None]] = []
        """Told after a commit: what `Tx.say` said."""

    @classmethod
    async def open(cls, url: str, size: int = 12, hot_size: int = 8, patience: float = 3) -> Database:
        """Connect; `size` ordinary and `hot_size` write-path connections at the most, waited for `patience` seconds."""
        pool = _pool(url, size, patience, "-c jit=off")
        hot_pool = _pool(url, hot_size, patience, HOT_OPTIONS)
        await pool.open()
        await hot_pool.open()
        return cls(url, pool, hot_pool)

    async def close(self) -> None:
        """Give all connections back to the server."""
        await self._pool.close()
        await self._hot_pool.close()

    def tell_news(self, merchant_id: int, kinds: Collection[str]) -> None:
        """Tell whoever listens in this process that a merchant has announced these kinds."""
        for tell in self.on_news:
            tell(merchant_id, kinds)

    def tell_words(self, words: Collection[str]) -> None:
        """Tell whoever listens in this process what transactions said."""
        for tell in self.on_words:
            tell(words)

    def _tell(self, merchant_id: int, tx: Tx) -> None:
        """What a transaction that was committed had to tell."""
        if tx.has_news:
            self.tell_news(merchant_id, tx.kinds)
        if tx.said:
            self.tell_words(tx.said)

    async def _next_blocks(self, count: int) -> list[int]:
        async with self.directory() as tx:
            rows = await tx.rows("select nextval('shuke_id_block') as b from generate_series(1, %(n)s)", n=count)
        return [row.b for row in rows]

    @asynccontextmanager
    async def write(self, merchant_id: int, hot: bool = False) -> AsyncIterator[Tx]:
        """A merchant's transaction: committed on a clean exit, with its announcements; rolled back otherwise."""
        batch_id = (await self.ids.fresh(1))[0]
        pool = self._hot_pool if hot else self._pool
        async with _connection(pool) as connection:
            tx = Tx(connection, merchant_id, self.ids, batch_id, self.memory)
            tx.begin_with("begin", f"set local app.merchant_id = '{int(merchant_id)}'")
            try:
                yield tx
                if tx.has_work and not await tx.close_with_commit():
                    raise MerchantGone(merchant_id=merchant_id)
            except BaseException:
                await _rollback(tx)
                raise
        self._tell(merchant_id, tx)

    async def write_together(self, works: Sequence[tuple[int, Callable[[Tx], Awaitable[T]]]]) -> list[T]:
        """Run one verb for each of several merchants in one transaction; their answers, when all of it is committed.

        Each sees and touches its own merchant only. They share their round trips and the commit, and so their failure: an
        error of one undoes all and is raised, for the caller to do each by itself.
        """
        batch_ids = await self.ids.fresh(len(works))
        async with _connection(self._hot_pool) as connection:
            convoy = Convoy(connection, len(works))
            seats = [
                Seat(convoy, merchant_id, self.ids, batch_id, self.memory)
                for (merchant_id, _), batch_id in zip(works, batch_ids, strict=True)
            ]
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [
                        group.create_task(_seated(convoy, seat, verb))
                        for seat, (_, verb) in zip(seats, works, strict=True)
                    ]
                await _end_together(convoy, seats)
            except BaseException:
                await convoy.settled()
                await _rollback(convoy)
                raise
        for seat in seats:
            self._tell(seat.owner, seat)
        return [task.result() for task in tasks]

    @asynccontextmanager
    async def read(self, merchant_id: int, hot: bool = False) -> AsyncIterator[Tx]:
        """A merchant's questions over one snapshot; nothing can be written. `hot`: few rows, by their keys, again and again."""
        async with _connection(self._hot_pool if hot else self._pool) as connection:
            tx = Tx(connection, merchant_id, self.ids, 0, self.memory)
            tx.begin_with(
                "begin isolation level repeatable read read only", f"set local app.merchant_id = '{int(merchant_id)}'"
            )
            try:
                yield tx
                if tx.has_work:
                    await connection.execute("commit")
            except BaseException:
                await _rollback(tx)
                raise

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[Tx]:
        """A transaction of no merchant: only the small directory tables can be seen. Committed on a clean exit."""
        async with _connection(self._pool) as connection:
            tx = Tx(connection, None, self.ids, 0, self.memory)
            tx.begin_with("begin")
            try:
                yield tx
                if tx.has_work:
                    await connection.execute("commit")
            except BaseException:
                await _rollback(tx)
                raise

    async def attempt(
        self, merchant_id: int, verb: Callable[..., Awaitable[T]], *args: Any, hot: bool = False, **named: Any
    ) -> T:
        """Run `verb(tx, …)` in a write transaction, again (at most 5 times) when another was in the way.

        In the way: a deadlock, a serialisation failure, or the same key written first by someone else.
        """
        for turn in range(5):
            try:
                async with self.write(merchant_id, hot=hot) as tx:
                    return await verb(tx, *args, **named)
            except IN_THE_WAY:
                if turn == 4:
                    raise
                await asyncio.sleep(0.01 * 2**turn)
        raise AssertionError("unreachable")


def _pool(url: str, size: int, patience: float, options: str) -> AsyncConnectionPool:
    return AsyncConnectionPool(
        url, open=False, min_size=1, max_size=size, timeout=patience,
        kwargs={"autocommit": True, "row_factory": namedtuple_row, "options": options, "prepare_threshold": 3},
    )  # fmt: skip


@asynccontextmanager
async def _connection(pool: AsyncConnectionPool) -> AsyncIterator[psycopg.AsyncConnection]:
    try:
        connection = await pool.getconn()
    except (PoolTimeout, pg.OperationalError) as error:
        raise errors.Unavailable("the database does not answer") from error
    try:
        yield connection
    except (pg.OperationalError, pg.InterfaceError) as error:
        if isinstance(error, pg.DeadlockDetected | pg.SerializationFailure | pg.QueryCanceled):
            raise
        raise errors.Unavailable("the connection to the database was lost") from error
    finally:
        await pool.putconn(connection)


async def _seated(convoy: Convoy, seat: Seat, verb: Callable[[Tx], Awaitable[T]]) -> T:
    try:
        answer = await verb(seat)
    except BaseException:
        convoy.leave(broken=True)
        raise
    convoy.leave(broken=False)
    return answer


async def _end_together(convoy: Convoy, seats: Sequence[Seat]) -> None:
    endings = {seat.owner: seat.ending() for seat in seats}
    parts = sorted(endings)
    answers = await convoy.commit([(merchant_id, endings[merchant_id][0]) for merchant_id in parts])
    for merchant_id, rows in zip(parts, answers, strict=True):
        head = endings[merchant_id][1]
        if head is not None and rows[head].rowcount != 1:
            raise MerchantGone(merchant_id=merchant_id)


async def _rollback(tx: Tx | Convoy) -> None:
    connection, wire = tx.connection, tx.wire
    if connection.closed:
        return
    try:
        if wire.begun:  # hear what became of it: an error in it would swallow the rollback
            with suppress(psycopg.Error):
                await wire.run([], [], closing=False)
        # Not through psycopg's cursor: it would throw away every prepared statement of the connection.
        await wire.run(["rollback"], [], closing=False)
    except psycopg.Error:
        await connection.close()
