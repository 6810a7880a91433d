"""Questions about orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

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
        "select r.source, r.key, r.ref_id from unnest(%(sources)s::text[], %(keys)s::text[]) as w(source, key) "
        "join receipt r on r.merchant_id = %(merchant_id)s and r.source = w.source and r.key = w.key and r.ref_id is not null",
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
