"""Several statements in one round trip, straight on libpq's pipeline: one buffer out, one wait, typed rows back.

psycopg's own pipeline wakes up several times for every statement; on the write path of single orders that was most of
the client's CPU (docs/decisions/0012). Parameters are sent with fixed types, so each statement has one plan.
"""

from __future__ import annotations

import re
from collections import namedtuple
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from psycopg import errors as pg
from psycopg.adapt import Transformer
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus
from psycopg.types.json import Json

from shuke.kit.db.rowset import Packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import psycopg
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn, PGresult

Statement = tuple[str, dict[str, Any]]
_INT, _BOOL, _INSTANT, _DATE, _BYTES, _JSON, _INTS, _TEXTS, _INSTANTS = 20, 16, 1184, 1082, 17, 114, 1016, 1009, 1185
_NAME = re.compile(r"%\((\w+)\)s|%%")
_json_encode = msgspec.json.Encoder().encode
_prepared: dict[PGconn, dict[bytes, bytes]] = {}


class Rows:
    """The answer to one statement, with the methods of a cursor that callers use."""

    def __init__(self, result: PGresult, connection: psycopg.AsyncConnection) -> None:
        self._result = result
        self._connection = connection
        self.rowcount = result.command_tuples or 0 if result.status == ExecStatus.COMMAND_OK else result.ntuples

    async def fetchall(self) -> list[Any]:
        """All rows, as named tuples."""
        result = self._result
        names = tuple((result.fname(column) or b"").decode() for column in range(result.nfields))
        loading = Transformer(self._connection)
        loading.set_pgresult(result)
        return loading.load_rows(0, result.ntuples, _row_type(names)._make)

    async def fetchone(self) -> Any | None:
        """The first row, or None."""
        return (await self.fetchall())[0] if self._result.ntuples else None


class Wire:
    """One transaction's way to the server; a pipeline may be begun before everything that goes through it is known."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._sent: _Sent | None = None

    def begin(self, opening: Iterable[str], statements: Sequence[Statement]) -> None:
        """Send these without waiting; the server begins, and what it says of them is heard in the next `run`."""
        sent = self._open()
        _send(self._connection.pgconn, sent, opening, statements)
        self._connection.pgconn.flush()

    @property
    def begun(self) -> bool:
        """Whether something was sent and not yet answered."""
        return self._sent is not None

    async def run(self, opening: Iterable[str], statements: Sequence[Statement], closing: bool) -> list[Rows]:
        """Send these, and `commit` when closing, and wait for all that was sent; the answers to these statements.

        Raises the first error of anything that was sent.
        """
        connection, pgconn = self._connection, self._connection.pgconn
        sent = self._open()
        try:
            ahead = len(sent.answers)
            _send(pgconn, sent, opening, statements)
            if closing:
                pgconn.send_query_params(b"commit", None)
                sent.count += 1
            pgconn.pipeline_sync()
            results = await connection.wait(_receive(pgconn, sent.count))
            pgconn.exit_pipeline_mode()
        except BaseException:  # answers may still be on their way: nobody can use this connection again
            await connection.close()
            raise
        finally:
            self._sent = None
        for number, result in enumerate(results):
            if result.status == ExecStatus.FATAL_ERROR:
                sent.forget(number)
                raise pg.error_from_result(result, encoding="utf-8")
        return [Rows(results[number], connection) for number in sent.answers[ahead:]]

    def _open(self) -> _Sent:
        if self._sent is None:
            pgconn = self._connection.pgconn
            pgconn.enter_pipeline_mode()
            known = _prepared.get(pgconn)
            if known is None:
                for gone in [other for other in _prepared if other.status != 0]:
                    del _prepared[gone]
                known = _prepared[pgconn] = {}
            self._sent = _Sent(known)
        return self._sent


class _Sent:
    """What was put on the wire: how many commands, and which of them answer a statement."""

    def __init__(self, known: dict[bytes, bytes]) -> None:
        self.count = 0
        self.answers: list[int] = []
        self.fresh: list[tuple[int, bytes]] = []
        self.known = known

    def forget(self, failed: int) -> None:
        """Statements prepared at or after the failure were not."""
        for number, sql in self.fresh:
            if number >= failed:
                self.known.pop(sql, None)


def _send(pgconn: PGconn, wire: _Sent, opening: Iterable[str], statements: Sequence[Statement]) -> None:
    for command in opening:
        pgconn.send_query_params(command.encode(), None)
        wire.count += 1
    for sql, params in statements:
        text, names = _numbered(sql)
        values = [params[name] for name in names]
        cells, types = _encoded(values)
        name = wire.known.get(text)
        if name is None:
            name = wire.known[text] = b"shuke_%d" % len(wire.known)
            wire.fresh.append((wire.count, text))
            pgconn.send_prepare(name, text, types)
            wire.count += 1
        pgconn.send_query_prepared(name, cells, [int(type(value) is Packed) for value in values])
        wire.answers.append(wire.count)
        wire.count += 1


def _receive(pgconn: PGconn, count: int) -> PQGen[list[PGresult]]:
    """One result per command, then the sync."""
    yield from send(pgconn)
    results: list[PGresult] = []
    for _ in range(count):
        answer = yield from fetch_many(pgconn)
        results.append(answer[-1])
    yield from fetch_many(pgconn)
    return results


@lru_cache(maxsize=4096)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with $1, $2 … for its named parameters, and their names in that order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return _NAME.sub(number, sql).encode(), tuple(names)


def _encoded(values: list[Any]) -> tuple[list[bytes | None], list[int]]:
    cells, types = [], []
    for value in values:
        cell, oid = _WRITERS[type(value)](value)
        cells.append(cell)
        types.append(oid)
    return cells, types


def _array(values: Sequence[Any]) -> tuple[bytes, int]:
    if not values:
        return b"{}", 0  # the statement's cast says of what
    if isinstance(values[0], int):
        return ("{" + ",".join(map(str, values)) + "}").encode(), _INTS
    if isinstance(values[0], datetime):
        return ("{" + ",".join(f'"{value.isoformat()}"' for value in values) + "}").encode(), _INSTANTS
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return ("{" + ",".join(quoted) + "}").encode(), _TEXTS


def _plain_text(value: str) -> tuple[bytes, int]:
    if "\x00" in value:
        raise pg.DataError("a text holds NUL")
    return value.encode(), 0


_WRITERS: dict[type, Callable[[Any], tuple[bytes | None, int]]] = {
    type(None): lambda _: (None, 0),
    int: lambda value: (b"%d" % value, _INT),
    bool: lambda value: (b"t" if value else b"f", _BOOL),
    str: _plain_text,
    bytes: lambda value: (b"\\x" + value.hex().encode(), _BYTES),
    datetime: lambda value: (value.isoformat().encode(), _INSTANT),
    date: lambda value: (value.isoformat().encode(), _DATE),
    list: _array,
    Packed: lambda value: (value, value.oid),
    Json: lambda value: (_json_encode(value.obj), _JSON),
}


@lru_cache(maxsize=512)
def _row_type(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)
