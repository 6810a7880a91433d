"""One transaction that several merchants share: their statements travel and commit together, each bound to its merchant."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from shuke.kit.db import pipeline
from shuke.kit.db.tx import Tx

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg
    from sqlalchemy.sql import ClauseElement

    _Answered = asyncio.Future[list[pipeline.Rows]]
    _Asked = tuple[int, Sequence[pipeline.Statement], _Answered]

_BIND = "select set_config('app.merchant_id', %(merchant)s, true)"


class Convoy:
    """Gathers what all seats ask at a time into one round trip; whoever has left is no longer waited for."""

    def __init__(self, connection: psycopg.AsyncConnection, seats: int) -> None:
        self.connection = connection
        self.wire = pipeline.Wire(connection)
        self._seats = seats
        self._opening: tuple[str, ...] = ("begin",)
        self._asked: list[_Asked] = []
        self._alone = asyncio.Lock()
        self._flushing: asyncio.Task[list[list[pipeline.Rows]]] | None = None
        self._broken = False

    async def ask(self, merchant_id: int, statements: Sequence[pipeline.Statement]) -> list[pipeline.Rows]:
        """The answers to these statements of one merchant, when all seats have asked something."""
        future: _Answered = asyncio.get_running_loop().create_future()
        self._asked.append((merchant_id, statements, future))
        self._go_on()
        return await future

    def leave(self, broken: bool) -> None:
        """One seat asks nothing more; when it broke, nobody's questions are sent any more."""
        self._seats -= 1
        self._broken = self._broken or broken
        self._go_on()

    async def settled(self) -> None:
        """Return when no round trip is under way."""
        if self._flushing is not None:
            await asyncio.wait([self._flushing])

    async def alone(self, merchant_id: int, sql: str, params: dict[str, Any], binary: bool) -> psycopg.AsyncCursor:
        """One statement of one merchant by itself: no round trip of all can be under way, as this seat has not asked."""
        async with self._alone:
            if self._opening:
                await self.connection.execute("; ".join(self._open()))
            await self.connection.execute(f"set local app.merchant_id = '{int(merchant_id)}'")
            return await self.connection.execute(sql, params or None, binary=binary)

    async def commit(self, closings: Iterable[tuple[int, Sequence[pipeline.Statement]]]) -> list[list[pipeline.Rows]]:
        """Send what each merchant's transaction ends with, and the commit."""
        parts = sorted(closings, key=lambda part: part[0])
        return await self._send(parts, closing=True)

    def _go_on(self) -> None:
        if self._asked and len(self._asked) >= self._seats and not self._broken:
            asked, self._asked = sorted(self._asked, key=lambda one: one[0]), []  # all convoys lock in one order
            sending = self._send([(merchant_id, statements) for merchant_id, statements, _ in asked], closing=False)
            self._flushing = asyncio.get_running_loop().create_task(sending)
            self._flushing.add_done_callback(lambda done: _hand_out(done, [future for _, _, future in asked]))

    async def _send(
        self, parts: Sequence[tuple[int, Sequence[pipeline.Statement]]], closing: bool
    ) -> list[list[pipeline.Rows]]:
        whole: list[pipeline.Statement] = []
        for merchant_id, statements in parts:
            whole += [(_BIND, {"merchant": str(int(merchant_id))}), *statements]
        answers = await self.wire.run(self._open(), whole, closing)
        found, start = [], 0
        for _, statements in parts:
            found.append(answers[start + 1 : start + 1 + len(statements)])
            start += 1 + len(statements)
        return found

    def _open(self) -> tuple[str, ...]:
        taken, self._opening = self._opening, ()
        return taken


def _hand_out(done: asyncio.Task[list[list[pipeline.Rows]]], futures: Sequence[_Answered]) -> None:
    error = asyncio.CancelledError() if done.cancelled() else done.exception()
    for place, future in enumerate(futures):
        if future.done():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(done.result()[place])


class Seat(Tx):
    """One merchant's place in a convoy: to verbs and questions a transaction like any other."""

    def __init__(self, convoy: Convoy, merchant_id: int, *rest: Any) -> None:
        super().__init__(convoy.connection, merchant_id, *rest)
        self._convoy = convoy
        self.owner = merchant_id
        self._before: list[pipeline.Statement] = []

    async def _execute(
        self, statement: str | ClauseElement, params: dict[str, Any], *, binary: bool = False
    ) -> psycopg.AsyncCursor:
        if self._before:
            await self.together()
        return await self._convoy.alone(self.owner, *self._bound(statement, params), binary)

    async def together(self, *statements: tuple[str, dict[str, Any]]) -> list[pipeline.Rows]:
        """As in `Tx`, in one round trip with what the others ask."""
        before, self._before = self._before, []
        bound = [(sql, {"merchant_id": self.owner, **params}) for sql, params in (*before, *statements)]
        return (await self._convoy.ask(self.owner, bound))[len(before) :]

    def ahead(self, *statements: tuple[str, dict[str, Any]]) -> None:
        """Before whatever this seat asks next: the others are still asking."""
        self._before.extend(statements)

    def ending(self) -> tuple[list[pipeline.Statement], int | None]:
        """What waits and what closes this merchant's part, and which of it moves the head."""
        waiting = [(sql, {"merchant_id": self.owner, **params}) for sql, params in (*self._before, *self._deferred)]
        closing = list(self.closing_statements())
        return [*waiting, *closing], len(waiting) if closing else None
