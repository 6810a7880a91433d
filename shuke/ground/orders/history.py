"""Members' orders of a period in order of time, read in batches, for looking back over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from shuke.kit.db import Tx

_IN_ORDER = """
select o.order_id from orders o where o.merchant_id = %(merchant_id)s and o.member_id is not null
    and o.business_date >= %(since)s and o.business_date < %(until)s
    and (%(after_at)s::timestamptz is null or (o.occurred_at, o.order_id) > (%(after_at)s, %(after_id)s))
order by o.occurred_at, o.order_id
"""
_PAST = """
select o.order_id, o.member_id, o.store_id, o.channel, o.occurred_at, o.business_date, o.amount_fen, o.refunded_fen,
    o.points_earned, o.lines, o.payments
from unnest(%(ids)s::bigint[]) with ordinality as w(id, n) cross join lateral (
    select * from orders s where s.merchant_id = %(merchant_id)s and s.order_id = w.id offset 0
) o order by w.n
"""
_BEFORE = """
select member_id, count(*) filter (where amount_fen = 0 or refunded_fen < amount_fen)::bigint as orders,
    coalesce(sum(amount_fen - refunded_fen) filter (where business_date >= %(month)s), 0)::bigint as month_fen
from orders where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[]) and business_date < %(day)s
group by member_id
"""


class PastOrder(msgspec.Struct, frozen=True, gc=False):
    """One order of a member as it was sold, and what it earned then. Money in fen."""

    order_id: int
    member_id: int
    store_id: int | None
    channel: str
    occurred_at: datetime
    business_date: date
    amount_fen: int
    refunded_fen: int
    points_earned: int
    lines: list[dict[str, Any]]
    payments: list[dict[str, Any]]


class Before(msgspec.Struct, frozen=True):
    """What a member had bought before a day: orders that were not returned as a whole, and the net payment of its month."""

    member_id: int
    orders: int
    month_fen: int


async def numbers_in_order(
    tx: Tx, since: date, until: date, after: tuple[datetime, int] | None = None
) -> Sequence[int]:
    """The numbers of all orders of members with a business date in [since, until), in order of time and, with `after`,
    from behind that place on; eight bytes an order."""
    at, number = after or (None, 0)
    found = await tx.columns(
        _IN_ORDER, {"order_id": "whole"}, since=since, until=until, after_at=at, after_id=number
    )  # fmt: skip
    return found["order_id"]


async def past_orders(tx: Tx, numbers: Sequence[int]) -> list[PastOrder]:
    """These orders, in the order asked; one statement."""
    return [PastOrder(*row) for row in await tx.rows(_PAST, ids=[int(number) for number in numbers])]


async def bought_before(tx: Tx, member_ids: Sequence[int], day: date) -> dict[int, Before]:
    """What these members had bought before a day, net of everything returned until now; who had nothing is left out."""
    rows = await tx.rows(_BEFORE, members=list(member_ids), day=day, month=day.replace(day=1))
    return {row.member_id: Before(*row) for row in rows}
