"""Trying an order or event by API key: what it would earn, and why; nothing is moved."""

from __future__ import annotations

from litestar import Request, post

from shuke.kit import clock, http
from shuke.kit.db import Database
from shuke.programs.earning import queries

READ = [http.requires("points.read")]


@post("/earning/preview", guards=READ, status_code=200)
async def preview(request: Request, database: Database, data: queries.Trial) -> queries.Outcome:
    """试算：一笔订单或一次行为在现在或某个时刻会得多少积分、每条规则给或不给的原因；什么都不会入账。

    What an order or event would earn, now or at an instant, with every rule's reason; nothing is booked.
    """
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        return await queries.try_out(tx, await queries.live_rules(tx), data, clock.now())


routes = [preview]
