"""What was given is counted, and what was taken back is taken off, in the transaction that moves the points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shuke.programs.earning import models
from shuke.programs.earning.policy import CounterKey
from shuke.programs.earning.queries.knowing import REACH

if TYPE_CHECKING:
    from shuke.kit.db import Database, Tx

COUNT = """
insert into earning_counter as t (merchant_id, rule_id, member_id, period, points, times)
select %(merchant_id)s, w.rule_id, w.member_id, w.period, w.points, w.times
from unnest(%(rules)s::bigint[], %(members)s::bigint[], %(periods)s::text[], %(points)s::bigint[], %(times)s::bigint[])
    as w(rule_id, member_id, period, points, times)
order by 2, 3, 4 on conflict (merchant_id, rule_id, member_id, period) do update
set points = greatest(t.points + excluded.points, 0), times = greatest(t.times + excluded.times, 0)
"""

LET_GO = """
delete from earning_waiting w using (
    select member_id, event, ref from earning_waiting where merchant_id = %(merchant_id)s and not used
        and at < %(before)s and kept_at < %(kept_before)s order by member_id, event, ref limit %(most)s for update skip locked
) f where w.merchant_id = %(merchant_id)s and (w.member_id, w.event, w.ref) = (f.member_id, f.event, f.ref)
"""
LET_GO_AT_ONCE = 10_000
KEPT = timedelta(days=30)
"""What an import brought of long ago waits at least so long for the import of its orders."""

Statement = tuple[str, dict[str, Any]]


def counting(added: Mapping[CounterKey, tuple[int, int]]) -> list[Statement]:
    """The statement that adds points and times (or takes them off) under each key; none when nothing changed."""
    moved = sorted(key for key, change in added.items() if change != (0, 0))
    if not moved:
        return []
    columns = {
        "rules": [key[0] for key in moved], "members": [key[1] for key in moved], "periods": [key[2] for key in moved],
        "points": [added[key][0] for key in moved], "times": [added[key][1] for key in moved],
    }  # fmt: skip
    return [(COUNT, columns)]


def waiting(tx: Tx, fresh: Sequence[dict[str, Any]], used: Sequence[dict[str, Any]]) -> list[Statement]:
    """The statements that keep what waits for an order, and note what an order has used up."""
    statements = []
    if fresh:
        latest = {(row["member_id"], row["event"], row["ref"]): row for row in fresh}
        statements.append(tx.insertion(models.Waiting, list(latest.values()), conflict="update:at,skus"))
    if used:
        statements.append(tx.insertion(models.Waiting, list(used), conflict="update:used"))
    return statements


async def let_go(database: Database, merchant_id: int, at: datetime, lateness: timedelta) -> int:
    """Forget what waits for an order that can no longer come: too long ago even for an order that comes as late as may be.

    What an order has used stays, so that the same content earns once. In parts of ten thousand, each a transaction of its
    own; safe to run twice at once. Returns how many.
    """
    gone = 0
    while True:
        async with database.write(merchant_id) as tx:
            part = await tx.run(LET_GO, before=at - REACH - lateness, kept_before=at - KEPT, most=LET_GO_AT_ONCE)
        gone += part
        if part < LET_GO_AT_ONCE:
            return gone
