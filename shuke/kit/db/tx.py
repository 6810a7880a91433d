"""One transaction of one merchant: statements, set-based inserts, and what is announced or sealed at its commit."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from psycopg.types.json import Json, set_json_dumps, set_json_loads
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import psycopg as psycopg_dialect

from shuke.kit import clock
from shuke.kit.db import columnar, pipeline, rowset
from shuke.kit.db.schema import column_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import psycopg
    from sqlalchemy.sql import ClauseElement

    from shuke.kit.db.schema import Model
    from shuke.kit.ids import Ids

_encoder = msgspec.json.Encoder()
set_json_dumps(_encoder.encode)
set_json_loads(msgspec.json.decode)
_dialect = psycopg_dialect.dialect_async(paramstyle="pyformat")

_MANY = 8  # from so many rows on, columns are cheaper than one JSON text
AHEAD = 128
"""Rows that are worth a statement of their own while the rest is decided; see `Tx.ahead`."""
_HEAD = """
update merchant_head h set seq = h.seq + %(count)s,
    chain = case when %(digest)s::bytea is null then h.chain else sha256(h.chain || %(digest)s::bytea) end
where h.merchant_id = %(merchant_id)s
"""
_OUTBOX = """
insert into outbox (merchant_id, seq, kind, payload, at, batch_id)
select %(merchant_id)s, h.seq - %(count)s + r.ord, r.kind, r.payload, %(at)s, %(batch_id)s
from merchant_head h, json_to_recordset(%(rows)s) as r(ord bigint, kind text, payload jsonb)
where h.merchant_id = %(merchant_id)s
"""
_LINK = """
insert into chain_link (merchant_id, batch_id, seq, digest, hash)
select h.merchant_id, %(batch_id)s, h.seq, %(digest)s, h.chain from merchant_head h where h.merchant_id = %(merchant_id)s
"""


class Tx:
    """Verbs and questions receive this. `%(merchant_id)s` is always bound; committing is the door's business."""

    def __init__(
        self,
        connection: psycopg.AsyncConnection,
        merchant_id: int | None,
        ids: Ids,
        batch_id: int,
        memory: dict[Any, Any],
    ) -> None:
        self.connection = connection
        self.merchant_id = merchant_id
        self.batch_id = batch_id
        self.memory = memory
        self._ids = ids
        self._announced: list[Any] = []
        self._sealed: list[str] = []
        self.said: set[str] = set()
        self._prelude: tuple[str, ...] = ()
        self._deferred: list[tuple[str, dict[str, Any]]] = []
        self.wire = pipeline.Wire(connection)

    def begin_with(self, *statements: str) -> None:
        """Statements that open the transaction; sent with whatever comes first."""
        self._prelude = statements

    async def _execute(
        self, statement: str | ClauseElement, params: dict[str, Any], *, binary: bool = False
    ) -> psycopg.AsyncCursor:
        sql, bound = self._bound(statement, params)
        if self._prelude:
            await self.connection.execute("; ".join(self.opening_statements()))
        if self.wire.begun:
            await self.together()
        return await self.connection.execute(sql, bound or None, binary=binary)

    def _bound(self, statement: str | ClauseElement, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The statement as text, with the merchant among its parameters."""
        if not isinstance(statement, str):
            compiled = statement.compile(dialect=_dialect)
            statement, params = str(compiled), {**compiled.params, **params}
        if self.merchant_id is not None:
            params.setdefault("merchant_id", self.merchant_id)
        return statement, params

    async def rows(self, statement: str | ClauseElement, **params: Any) -> list[Any]:
        """All rows, as named tuples."""
        return await (await self._execute(statement, params)).fetchall()

    async def one(self, statement: str | ClauseElement, **params: Any) -> Any | None:
        """The first row, or None."""
        return await (await self._execute(statement, params)).fetchone()

    async def value(self, statement: str | ClauseElement, **params: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.one(statement, **params)
        return None if row is None else row[0]

    async def run(self, statement: str | ClauseElement, **params: Any) -> int:
        """Execute; how many rows it touched."""
        return (await self._execute(statement, params)).rowcount

    async def columns(self, sql: str, kinds: Mapping[str, columnar.Kind], **params: Any) -> columnar.Columns:
        """The answer to `sql` by column, for copying many rows: see `columnar.parsed`. All columns are NOT NULL."""
        cursor = await self._execute(columnar.gathering(sql, kinds), params, binary=True)
        assert cursor.pgresult is not None
        return columnar.parsed(cursor.pgresult, kinds)

    async def together(self, *statements: tuple[str, dict[str, Any]]) -> list[pipeline.Rows]:
        """Run several statements in one round trip, each with a fresh snapshot; prepared. Returns their answers."""
        bound = [(sql, {"merchant_id": self.merchant_id, **params}) for sql, params in statements]
        return await self.wire.run(self.opening_statements(), bound, closing=False)

    async def close_with_commit(self) -> bool:
        """For the commit helper alone: what waits, the head, the outbox, the link and the commit in one round trip.

        False when there was no head row to move: there is no such merchant.
        """
        waiting = [(sql, {"merchant_id": self.merchant_id, **params}) for sql, params in self._deferred]
        closing = list(self.closing_statements())
        answers = await self.wire.run(self.opening_statements(), [*waiting, *closing], closing=True)
        return not closing or answers[len(waiting)].rowcount == 1

    def opening_statements(self) -> tuple[str, ...]:
        """What begins the transaction, the first time it is asked for."""
        taken, self._prelude = self._prelude, ()
        return taken

    def ahead(self, *statements: tuple[str, dict[str, Any]]) -> None:
        """Statements whose answer nobody needs, begun now while the caller goes on deciding; errors come with the next answer."""
        bound = [(sql, {"merchant_id": self.merchant_id, **params}) for sql, params in statements]
        self.wire.begin(self.opening_statements(), bound)

    def at_commit(self, *statements: tuple[str, dict[str, Any]]) -> None:
        """Statements whose answer nobody needs: sent together with the commit, in order, before the head is locked."""
        self._deferred.extend(statements)

    async def flush(self) -> None:
        """Send what `at_commit` kept, now: for those who want to read it in this transaction."""
        statements, self._deferred = self._deferred, []
        if statements:
            await self.together(*statements)

    def insertion(
        self, model: type[Model], rows: Sequence[dict[str, Any]], conflict: str = "error"
    ) -> tuple[str, dict[str, Any]]:
        """The statement of `insert`, for `together` or `at_commit` alone (many rows are packed as only these can send them).

        Rows must not be empty.
        """
        table = model.__table__
        assert isinstance(table, Table)
        columns = tuple(name for name in rows[0] if name != "merchant_id")
        if len(rows) >= _MANY and rowset.fits(table, columns):
            sql, named = rowset.insertion(table, rows, columns)
            return sql + on_conflict(table, conflict), named
        return insert_statement(table, columns, conflict), {"rows": Json(rows, dumps=_encoder.encode)}

    async def insert(self, model: type[Model] | Table, rows: Sequence[dict[str, Any]], conflict: str = "error") -> int:
        """Insert all rows in one statement; all must have the same columns, `merchant_id` is added.

        conflict: `error`, `ignore`, or `update:column,column` (on the primary key). Returns the rows written.
        """
        if not rows:
            return 0
        table = model if isinstance(model, Table) else model.__table__
        columns = tuple(name for name in rows[0] if name != "merchant_id")
        sql = insert_statement(table, columns, conflict)
        return await self.run(sql, rows=Json(rows, dumps=_encoder.encode))

    async def fresh_ids(self, count: int) -> list[int]:
        """Ids for new rows, nobody else's."""
        return await self._ids.fresh(count)

    @property
    def ids(self) -> Ids:
        """The process's stock of ids, for folds that take them without awaiting."""
        return self._ids

    def announce(self, *events: Any) -> None:
        """Say what happened; written to the outbox with the merchant's next numbers when the transaction commits."""
        assert self.merchant_id is not None, "only a merchant's transaction announces"
        self._announced.extend(events)

    @property
    def announced(self) -> tuple[Any, ...]:
        """What this transaction has announced so far."""
        return tuple(self._announced)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of what it has announced, by their tags."""
        kinds: set[Any] = set(map(type, self._announced))
        return frozenset(kind.__struct_config__.tag for kind in kinds)

    def say(self, word: str) -> None:
        """Something for whoever waits for that word, in any process, once this is committed; lost with a process that is killed."""
        self.said.add(word)

    def seal(self, lines: Iterable[str]) -> None:
        """Add ledger lines to this transaction's link of the hash chain: sha256 over all of them, sorted by bytes."""
        self._sealed.extend(lines)

    @property
    def has_work(self) -> bool:
        """Whether the commit has something to write, or anything was sent before."""
        return bool(self._deferred or self.has_news or not self._prelude)

    @property
    def has_news(self) -> bool:
        """Whether this transaction will move the merchant's head."""
        return bool(self._announced or self._sealed)

    def closing_statements(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """What the commit helper runs last: lock and move the head, write the outbox, write one chain link."""
        if not self.has_news:
            return
        digest = hashlib.sha256("".join(sorted(self._sealed)).encode()).digest() if self._sealed else None
        params = {
            "merchant_id": self.merchant_id, "count": len(self._announced), "digest": digest,
            "batch_id": self.batch_id, "at": clock.now(),
        }  # fmt: skip
        yield _HEAD, params
        if self._announced:
            rows = [
                {"ord": ord, "kind": event.__struct_config__.tag, "payload": event}
                for ord, event in enumerate(self._announced, 1)
            ]
            yield _OUTBOX, params | {"rows": Json(rows, dumps=_encoder.encode)}
        if digest is not None:
            yield _LINK, params


@lru_cache(maxsize=1024)
def insert_statement(table: Table, columns: tuple[str, ...], conflict: str) -> str:
    """`insert … select … from json_to_recordset` over one JSON parameter named `rows`."""
    definitions, selected = [], []
    for name in columns:
        kind = column_type(table.columns[name])
        binary = kind == "BYTEA"
        definitions.append(f'"{name}" {"text" if binary else kind}')
        selected.append(f"decode(r.\"{name}\", 'base64')" if binary else f'r."{name}"')
    quoted = ", ".join(f'"{name}"' for name in columns)
    sql = (
        f"insert into {table.name} as t (merchant_id, {quoted}) select %(merchant_id)s, {', '.join(selected)} "
        f"from json_to_recordset(%(rows)s) as r({', '.join(definitions)})"
    )
    return sql + on_conflict(table, conflict)


@lru_cache(maxsize=1024)
def on_conflict(table: Table, conflict: str) -> str:
    """The end of an insertion: what becomes of rows that exist."""
    key = ", ".join(column.name for column in table.primary_key)
    if conflict == "ignore":
        return " on conflict do nothing"
    if conflict.startswith("update:"):
        updates = ", ".join(f'"{name}" = excluded."{name}"' for name in conflict.removeprefix("update:").split(","))
        return f" on conflict ({key}) do update set {updates}"
    assert conflict == "error", f"unknown conflict rule {conflict}"
    return ""
