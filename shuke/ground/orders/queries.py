"""Questions about orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from shuke.ground import tenancy
from shuke.kit import paging
from shuke.kit.db import Tx


@dataclass(slots=True)
class OrderState:
    """What a refund needs to know of its order."""

    order_id: int
    source_key: str
    member_id: int | None
    amount_fen: int
    refunded_fen: int
    points_spent: int
    occurred_at: datetime
    business_date: date
    lines: list[dict[str, Any]]


_STATE = "order_id, source_key, member_id, amount_fen, refunded_fen, points_spent, occurred_at, business_date, lines"


async def orders_of_keys(
    tx: Tx, keys: Sequence[tuple[str, str]], lock: bool = False
) -> dict[tuple[str, str], OrderState]:
    """Orders by (source, outside order id), found through their receipts; those that have not come are left out."""
    refs = await tx.rows(
        "select r.source, r.key, r.ref_id from unnest(%(sources)s::text[], %(keys)s::text[]) as w(source, key) cross join "
        "lateral (select f.source, f.key, f.ref_id from receipt f where f.merchant_id = %(merchant_id)s "
        "and f.source = w.source and f.key = w.key and f.ref_id is not null offset 0) r",
        sources=[source for source, _ in keys], keys=[f"order:{key}" for _, key in keys],
    )  # fmt: skip
    states = {
        row.order_id: OrderState(*row)
        for row in await tx.rows(
            f"select {_STATE} from orders where merchant_id = %(merchant_id)s and order_id = any(%(ids)s::bigint[]) "
            "order by order_id" + (" for no key update" if lock else ""),
            ids=[row.ref_id for row in refs],
        )
    }
    return {(row.source, row.key.removeprefix("order:")): states[row.ref_id] for row in refs if row.ref_id in states}


PARKED = """
select f.* from unnest(%(sources)s::text[], %(keys)s::text[]) as w(source, key) cross join lateral (
    select r.* from refund r where r.merchant_id = %(merchant_id)s and r.state = 'parked' and r.order_key = w.key
        and r.order_source = w.source offset 0
) f order by f.occurred_at, f.refund_id
"""


async def parked_refunds(tx: Tx, keys: Sequence[tuple[str, str]]) -> list[Any]:
    """Refunds that came before these orders (source, outside order id), oldest first."""
    return await tx.rows(PARKED, sources=[source for source, _ in keys], keys=[key for _, key in keys])


class Bought(msgspec.Struct, frozen=True):
    """Who bought when; `member_id` None for a guest."""

    order_id: int
    member_id: int | None
    occurred_at: datetime


async def bought(tx: Tx, order_ids: Sequence[int]) -> list[Bought]:
    """Who bought when, for orders by number."""
    rows = await tx.rows(
        "select order_id, member_id, occurred_at from orders where merchant_id = %(merchant_id)s "
        "and order_id = any(%(ids)s::bigint[])",
        ids=list(order_ids),
    )
    return [Bought(*row) for row in rows]


async def bought_since(tx: Tx, member_ids: Sequence[int], since: datetime) -> list[Bought]:
    """The orders of these members that occurred at `since` or later."""
    rows = await tx.rows(
        "select order_id, member_id, occurred_at from orders where merchant_id = %(merchant_id)s "
        "and member_id = any(%(members)s::bigint[]) and occurred_at >= %(since)s",
        members=list(member_ids), since=since,
    )  # fmt: skip
    return [Bought(*row) for row in rows]


class Settled(msgspec.Struct, frozen=True):
    """An order that stands for enough after what was returned in time."""

    order_id: int
    member_id: int
    occurred_at: datetime
    net_fen: int


_STANDING = """
select * from (
    select o.order_id, o.member_id, o.occurred_at, o.amount_fen - coalesce((
        select sum(f.amount_fen) from refund f where f.merchant_id = %(merchant_id)s and f.order_id = o.order_id
            and f.state = 'applied' and f.occurred_at < o.occurred_at + make_interval(days => %(days)s)
    ), 0)::bigint as net_fen
    from orders o where o.merchant_id = %(merchant_id)s and o.member_id = any(%(members)s::bigint[])
        and o.amount_fen >= %(least)s
) n where n.net_fen >= %(least)s order by n.occurred_at, n.order_id
"""


async def standing(tx: Tx, member_ids: Iterable[int], *, least_fen: int, return_days: int) -> list[Settled]:
    """The orders of these members worth at least `least_fen` net of refunds within `return_days`, the oldest first.

    Refunds that occurred later count for nothing here: whether an order stood its return window does not change any more.
    """
    rows = await tx.rows(_STANDING, members=sorted(set(member_ids)), least=max(1, least_fen), days=return_days)
    return [Settled(*row) for row in rows]


async def of_refunds(tx: Tx, refund_ids: Iterable[int]) -> list[int]:
    """The orders that these refunds belong to; those that still wait for their order are left out."""
    rows = await tx.rows(
        "select distinct order_id from refund where merchant_id = %(merchant_id)s "
        "and refund_id = any(%(ids)s::bigint[]) and order_id is not null",
        ids=list(refund_ids),
    )
    return [row.order_id for row in rows]


class Counted(msgspec.Struct, frozen=True):
    """An order (`orders` 1), or what came back of one (negative; `orders` −1 where it closed it), for the order's own date."""

    member_id: int
    at: datetime
    business_date: date
    amount_fen: int
    orders: int


_COUNTABLE = """
select o.member_id, o.occurred_at, o.business_date, o.amount_fen, 1 from orders o
where o.merchant_id = %(merchant_id)s and o.member_id = any(%(members)s::bigint[])
union all
select o.member_id, f.occurred_at, o.business_date, -f.amount_fen, case when f.closes_order then -1 else 0 end
from orders o join refund f on f.merchant_id = %(merchant_id)s and f.order_id = o.order_id and f.state = 'applied'
where o.merchant_id = %(merchant_id)s and o.member_id = any(%(members)s::bigint[])
order by 2
"""


async def countable(tx: Tx, member_ids: Iterable[int]) -> list[Counted]:
    """Every order of these members and everything that came back of them, the oldest first, in one statement."""
    return [Counted(*row) for row in await tx.rows(_COUNTABLE, members=sorted(set(member_ids)))]


async def whose(tx: Tx, order_ids: Iterable[int], refund_ids: Iterable[int] = ()) -> list[int]:
    """The members of these orders and of the orders of these refunds, as the orders name them."""
    rows = await tx.rows(
        "select o.member_id from orders o where o.merchant_id = %(merchant_id)s and o.order_id = any(%(orders)s::bigint[]) "
        "and o.member_id is not null union select o.member_id from refund f join orders o on o.merchant_id = f.merchant_id "
        "and o.order_id = f.order_id where f.merchant_id = %(merchant_id)s and f.refund_id = any(%(refunds)s::bigint[]) "
        "and o.member_id is not null",
        orders=list(order_ids), refunds=list(refund_ids),
    )  # fmt: skip
    return [row.member_id for row in rows]


async def key_of(tx: Tx, order_id: int) -> tuple[str, str] | None:
    """The source of an order and its number there, or None."""
    row = await tx.one(
        "select source, source_key from orders where merchant_id = %(merchant_id)s and order_id = %(order_id)s",
        order_id=order_id,
    )
    return None if row is None else (row.source, row.source_key)


async def keys_with_parked(tx: Tx, order_ids: Sequence[int]) -> list[tuple[str, str]]:
    """Which of these orders have refunds that still wait, as (source, outside order id)."""
    rows = await tx.rows(
        "select distinct o.source, o.source_key from orders o join refund f on f.merchant_id = %(merchant_id)s "
        "and f.state = 'parked' and f.order_key = o.source_key and f.order_source = o.source "
        "where o.merchant_id = %(merchant_id)s and o.order_id = any(%(orders)s::bigint[])",
        orders=list(order_ids),
    )
    return [(row.source, row.source_key) for row in rows]


COUNTS = """
select member_id, count(*)::bigint as n from orders where merchant_id = %(merchant_id)s
    and member_id = any(%(members)s::bigint[]) and (amount_fen = 0 or refunded_fen < amount_fen) group by member_id
"""
"""How many orders members have, without those returned as a whole: `members`."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a member bought altogether, net of refunds; an order returned as a whole is no order."""

    orders_count: int = 0
    amount_fen: int = 0
    refund_fen: int = 0
    last_order_at: datetime | None = None

    @property
    def average_fen(self) -> int:
        """Net payment per order, in whole fen."""
        return self.amount_fen // self.orders_count if self.orders_count else 0


_SUMMARIES = """
select member_id, count(*) filter (where amount_fen = 0 or refunded_fen < amount_fen)::bigint as n,
    sum(amount_fen - refunded_fen)::bigint as amount, sum(refunded_fen)::bigint as refunded,
    max(occurred_at) filter (where amount_fen = 0 or refunded_fen < amount_fen) as last
from orders where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[]) group by member_id
"""


async def summaries(tx: Tx, member_ids: Sequence[int]) -> dict[int, Summary]:
    """What these members bought, in one statement; members without an order are missing."""
    rows = await tx.rows(_SUMMARIES, members=list(member_ids))
    return {
        row.member_id: Summary(orders_count=row.n, amount_fen=row.amount, refund_fen=row.refunded, last_order_at=row.last)
        for row in rows
    }  # fmt: skip


class OrderShape(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a member's page shows it; the id is the outside one; `member_id` None for a guest."""

    order_id: str
    number: int
    member_id: int | None
    source: str
    source_key: str
    occurred_at: datetime
    store: str | None
    channel: str
    amount_fen: int
    refund_fen: int
    points_earned: int
    points_spent: int
    lines: list[dict[str, Any]]


_SHOWN = """
select o.order_id, o.source, o.source_key, o.member_id, o.occurred_at, o.store_id, o.channel, o.amount_fen,
    o.refunded_fen, o.points_earned, o.points_spent, o.lines from orders o where o.merchant_id = %(merchant_id)s
"""
_OF_MEMBER = f"""
{_SHOWN} and o.member_id = any(%(members)s::bigint[])
    and (o.occurred_at, o.order_id) < (%(at)s::timestamptz, %(order_id)s)
order by o.occurred_at desc, o.order_id desc limit %(limit)s
"""


async def orders_of(tx: Tx, member_ids: Sequence[int], cursor: str | None, limit: int) -> paging.Page:
    """The orders of a member (all numbers they ever had), the latest first."""
    after = paging.decode(cursor, 2)
    rows = await tx.rows(
        _OF_MEMBER, members=list(member_ids), limit=limit + 1,
        at=after[0] if after else "infinity", order_id=after[1] if after else 0,
    )  # fmt: skip
    return paging.page(await _shapes(tx, rows), limit, lambda order: [order.occurred_at, order.number])


async def stores_where(tx: Tx, member_ids: Sequence[int]) -> set[int]:
    """The stores at which any of these members ever bought."""
    rows = await tx.rows(
        "select distinct store_id from orders where merchant_id = %(merchant_id)s "
        "and member_id = any(%(members)s::bigint[]) and store_id is not null",
        members=list(member_ids),
    )
    return {row.store_id for row in rows}


async def latest(tx: Tx, cursor: str | None, limit: int) -> paging.Page:
    """All orders, the latest recorded first."""
    after = paging.decode(cursor, 1)
    rows = await tx.rows(
        f"{_SHOWN} and (%(number)s::bigint is null or o.order_id < %(number)s) order by o.order_id desc limit %(limit)s",
        number=after[0] if after else None, limit=limit + 1,
    )  # fmt: skip
    return paging.page(await _shapes(tx, rows), limit, lambda order: [order.number])


async def _shapes(tx: Tx, rows: Sequence[Any]) -> list[OrderShape]:
    codes = {store.store_id: store.code for store in await tenancy.list_stores(tx)}
    return [
        OrderShape(
            order_id=row.source_key, number=row.order_id, member_id=row.member_id, source=row.source, source_key=row.source_key,
            occurred_at=row.occurred_at, store=codes.get(row.store_id), channel=row.channel, amount_fen=row.amount_fen,
            refund_fen=row.refunded_fen, points_earned=row.points_earned, points_spent=row.points_spent,
            lines=[{"product": "", "category": "", "brand": "", **line} for line in row.lines],
        )
        for row in rows
    ]  # fmt: skip


async def stores_of(tx: Tx, order_ids: Iterable[int]) -> dict[int, int | None]:
    """At which store each of these orders was placed, in one statement; orders without a store have None."""
    rows = await tx.rows(
        "select order_id, store_id from orders where merchant_id = %(merchant_id)s and order_id = any(%(ids)s::bigint[])",
        ids=list(order_ids),
    )
    return {row.order_id: row.store_id for row in rows}


_IN_ORDER = """
select o.order_id, o.occurred_at as at from orders o where o.merchant_id = %(merchant_id)s and o.member_id is not null
    and o.business_date >= %(since)s and o.business_date < %(until)s
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


async def numbers_in_order(tx: Tx, since: date, until: date) -> tuple[Sequence[int], Sequence[int]]:
    """The instants (in µs) and the numbers of all orders of members with a business date in [since, until), in order of
    time; sixteen bytes an order."""
    found = await tx.columns(_IN_ORDER, {"order_id": "whole", "at": "instant"}, since=since, until=until)
    return found["at"], found["order_id"]  # type: ignore[return-value]  # whole numbers and instants come as arrays


async def past_orders(tx: Tx, numbers: Sequence[int]) -> list[PastOrder]:
    """These orders, in the order asked; one statement."""
    return [PastOrder(*row) for row in await tx.rows(_PAST, ids=[int(number) for number in numbers])]


async def bought_before(tx: Tx, member_ids: Sequence[int], day: date) -> dict[int, Before]:
    """What these members had bought before a day, net of everything returned until now; who had nothing is left out."""
    rows = await tx.rows(_BEFORE, members=list(member_ids), day=day, month=day.replace(day=1))
    return {row.member_id: Before(*row) for row in rows}
