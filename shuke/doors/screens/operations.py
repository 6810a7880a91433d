"""Whether the work behind the screens keeps up: how far each reader of the log is, and what it had to set aside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import get, post

from shuke.doors import wiring
from shuke.ground import access, mirror
from shuke.kit import clock, errors, events
from shuke.kit.db import Database
from shuke.kit.http import Caller, declares, requires

MOST = 200


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """How far one reader is behind the merchant's log, in announcements."""

    reader: str
    behind: int
    moved_at: datetime | None


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One announcement that a reaction could not take, and why."""

    reader: str
    seq: int
    kind: str
    error: str
    announced_at: datetime
    failed_at: datetime
    tries: int


class Operations(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the background work as of now; the oldest 200 of what was set aside, and how many there are."""

    as_of: datetime
    announced: int
    readers: list[Following]
    dead_letters: list[DeadLetter]
    dead_letters_total: int


_READERS = """
select r.reader, h.seq - r.seq as behind, r.moved_at from merchant_head h join relay_cursor r
on r.merchant_id = h.merchant_id where h.merchant_id = %(merchant_id)s order by r.reader
"""
_LETTERS = """
select d.reader, d.seq, d.kind, d.error, o.at as announced_at, d.failed_at, d.tries from dead_letter d
join outbox o on o.merchant_id = d.merchant_id and o.seq = d.seq
where d.merchant_id = %(merchant_id)s order by d.seq, d.reader limit %(most)s
"""


@get("/operations", guards=[requires("audit.read")])
async def show_operations(database: Database, caller: Caller) -> Operations:
    """How far the readers of the log are, and what was set aside because its reaction failed."""
    async with database.read(caller.merchant_id) as tx:
        announced = await tx.value("select seq from merchant_head where merchant_id = %(merchant_id)s")
        following = [Following(**row._asdict()) for row in await tx.rows(_READERS)]
        fresh = await mirror.freshness(tx, caller.merchant_id)
        following.append(Following(reader="mirror", behind=fresh.head - fresh.seq, moved_at=fresh.applied_at))
        letters = [DeadLetter(**row._asdict()) for row in await tx.rows(_LETTERS, most=MOST)]
        total = await tx.value("select count(*) from dead_letter where merchant_id = %(merchant_id)s")
    return Operations(
        as_of=clock.now(), announced=announced, readers=following, dead_letters=letters, dead_letters_total=total
    )


@post(
    "/operations/dead-letters/{reader:str}/{seq:int}/retry",
    status_code=200,
    guards=[requires("settings.write")],
    responses=declares(errors.NotFound, events.StillFails),
)
async def retry_dead_letter(database: Database, caller: Caller, reader: str, seq: int) -> dict[str, Any]:
    """Try again what was set aside; it is gone when it succeeds."""
    known = {one.name: one for one in wiring.READERS}
    if reader not in known:
        raise errors.NotFound(what="announcement set aside", what_zh="搁置的通告")
    await events.retry(database, caller.merchant_id, known[reader], seq)
    async with database.write(caller.merchant_id) as tx:
        await access.record(tx, caller, "reaction.retried", ("announcement", seq), at=clock.now())
    return {"reader": reader, "seq": seq}


@post(
    "/operations/dead-letters/{reader:str}/{seq:int}/drop",
    status_code=200,
    guards=[requires("settings.write")],
    responses=declares(errors.NotFound),
)
async def drop_dead_letter(database: Database, caller: Caller, reader: str, seq: int) -> dict[str, Any]:
    """Let go of what was set aside: what should have followed from it never does. Noted in the audit trail."""
    async with database.write(caller.merchant_id) as tx:
        kind = await events.drop(tx, reader, seq)
        after = {"reader": reader, "kind": kind}
        await access.record(tx, caller, "reaction.dropped", ("announcement", seq), after=after, at=clock.now())
    return {"reader": reader, "seq": seq}


routes = [show_operations, retry_dead_letter, drop_dead_letter]
