"""What one process commits, the others hear: NOTIFY in small transactions of its own, one listening connection a process."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec
import psycopg
import structlog

from shuke.kit import errors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from shuke.kit.db.database import Database

log = structlog.get_logger("bell")
CHANNEL = "shuke_news"
REST_SECONDS = 0.1
"""Between two calls while there is news; after a quiet time it is called at once."""
MERCHANTS = 250
"""In one call, which may be 8,000 bytes long."""
AGAIN_SECONDS = 1.0
_CALL = "select pg_notify(%(channel)s, %(call)s)"


class Call(msgspec.Struct, array_like=True):
    """Whose process calls, words for everybody, and which kinds of announcement these merchants have."""

    caller: str
    words: list[str]
    kinds: list[str]
    merchants: list[int]


class Bell:
    """Tells other processes of the same database what was committed here, and this one what was committed there.

    A commit itself notifies nobody (that would put all commits of the server in one row): what it announced is called out
    afterwards, together with what others announced meanwhile. A call that is lost costs a few seconds: whoever follows the
    outbox looks around by itself.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._caller = secrets.token_hex(6)
        self._news: defaultdict[int, set[str]] = defaultdict(set)
        self._words: set[str] = set()
        self._wake = asyncio.Event()
        self._hearing = False

    def _note_news(self, merchant_id: int, kinds: Collection[str]) -> None:
        if not self._hearing:
            self._news[merchant_id].update(kinds)
            self._wake.set()

    def _note_words(self, words: Collection[str]) -> None:
        if not self._hearing:
            self._words.update(words)
            self._wake.set()

    async def ring(self) -> None:
        """Call out what is committed here, until cancelled."""
        self._database.on_news.append(self._note_news)
        self._database.on_words.append(self._note_words)
        try:
            while True:
                await self._wake.wait()
                try:
                    await self.flush()
                    await asyncio.sleep(REST_SECONDS)
                except errors.Unavailable:
                    await asyncio.sleep(AGAIN_SECONDS)
        finally:
            self._database.on_news.remove(self._note_news)
            self._database.on_words.remove(self._note_words)

    async def flush(self) -> None:
        """Call out what was committed here and not called out yet; one small transaction."""
        self._wake.clear()
        news, words = self._news, self._words
        if not news and not words:
            return
        self._news, self._words = defaultdict(set), set()
        calls = [msgspec.json.encode(call).decode() for call in self._calls(news, words)]
        try:
            async with self._database.directory() as tx:
                await tx.together(*((_CALL, {"channel": CHANNEL, "call": call}) for call in calls))
        except (errors.Unavailable, asyncio.CancelledError):
            for merchant_id, kinds in news.items():
                self._note_news(merchant_id, kinds)
            self._note_words(words)
            raise

    def _calls(self, news: dict[int, set[str]], words: set[str]) -> Iterator[Call]:
        alike: defaultdict[frozenset[str], list[int]] = defaultdict(list)
        for merchant_id, kinds in news.items():
            alike[frozenset(kinds)].append(merchant_id)
        if words:
            yield Call(self._caller, sorted(words), [], [])
        for together, merchants in alike.items():
            for start in range(0, len(merchants), MERCHANTS):
                yield Call(self._caller, [], sorted(together), merchants[start : start + MERCHANTS])

    async def listen(self) -> None:
        """Hear what others call out, until cancelled; a connection that is lost is made again."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._database.url, autocommit=True, keepalives_idle=30, connect_timeout=10
                ) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    async for notice in connection.notifies():
                        self._hear(notice.payload)
            except psycopg.OperationalError as error:
                log.warning("other processes are not heard; news is looked for", error=str(error)[:200])
            await asyncio.sleep(AGAIN_SECONDS)

    def _hear(self, written: str) -> None:
        try:
            call = msgspec.json.decode(written, type=Call)
        except msgspec.DecodeError:  # of another version: whoever follows looks around by itself
            return
        if call.caller == self._caller:
            return
        self._hearing = True
        try:
            for merchant_id in call.merchants:
                self._database.tell_news(merchant_id, call.kinds)
            if call.words:
                self._database.tell_words(call.words)
        finally:
            self._hearing = False
