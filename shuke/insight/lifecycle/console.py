"""The stages of life on the console: how they stand, and their limits."""

from __future__ import annotations

import msgspec
from litestar import Request, get, post, put

from shuke.ground import access
from shuke.insight.lifecycle import actions, policy, queries
from shuke.insight.lifecycle.policy import Limits
from shuke.kit import clock, http
from shuke.kit.db import Database
from shuke.kit.kinds import Sentence

READ = [http.requires("segments.read")]
WRITE = [http.requires("segments.write")]


class Worded(msgspec.Struct, frozen=True, kw_only=True):
    """What each stage means with some limits."""

    words: list[Sentence]


@get("/lifecycle", guards=READ)
async def get_lifecycle(request: Request, database: Database) -> queries.Life:
    """The stages with their sizes, and the limits they follow."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await queries.find(tx)


@put("/lifecycle", guards=WRITE, responses=http.declares(policy.BadLimits))
async def put_lifecycle(request: Request, database: Database, data: Limits) -> queries.Life:
    """Have all six stages follow these limits; what is missing is created. Repeatable."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await queries.find(tx)
        after = await actions.put(tx, data, at, caller.name)
        told = {"before": msgspec.to_builtins(before.limits), "after": msgspec.to_builtins(after.limits)}
        if told["before"] != told["after"]:
            await access.record(tx, caller, "lifecycle.changed", ("segment", "生命周期"), at=at, **told)
        return after


@post("/lifecycle/words", guards=READ, status_code=200, responses=http.declares(policy.BadLimits))
async def say_lifecycle(request: Request, data: Limits) -> Worded:
    """What each stage would mean with these limits; nothing is written."""
    return Worded(words=queries.worded(policy.checked(data)))


routes = [get_lifecycle, put_lifecycle, say_lifecycle]
