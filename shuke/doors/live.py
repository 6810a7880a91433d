"""News as they come: one line a second at the most, when something new has reached the mirror."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import get
from litestar.response import ServerSentEvent

from shuke.doors.context import Context
from shuke.ground import mirror
from shuke.kit import errors
from shuke.kit.db import Database
from shuke.kit.http import Caller

LOOK_EVERY_SECONDS = 1.0
PROOF_EVERY = 15  # looks without news after which a comment shows that the line is alive


@get("/events", media_type="text/event-stream")
async def events(database: Database, caller: Caller, context: Any) -> ServerSentEvent:
    """A stream of `{"type": "seq", "seq": n, "as_of": instant}`, so that open pages know when to read again."""
    return ServerSentEvent(_news(database, caller.merchant_id, context))


async def _news(database: Database, merchant_id: int, context: Context) -> AsyncIterator[dict[str, str]]:
    seen, quiet = -1, 0
    while not context.stopping:
        try:
            async with database.directory() as tx:
                fresh = await mirror.freshness(tx, merchant_id)
        except errors.Unavailable:
            fresh = None
        if fresh is not None and fresh.seq != seen:
            seen, quiet = fresh.seq, 0
            news = {"type": "seq", "seq": fresh.seq, "as_of": fresh.applied_at}
            yield {"data": msgspec.json.encode(news).decode()}
        else:
            quiet += 1
            if quiet % PROOF_EVERY == 0:
                yield {"comment": "still here"}
        await asyncio.sleep(LOOK_EVERY_SECONDS)


routes = [events]
