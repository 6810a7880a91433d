"""Verbs on orders: the statements that record many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from shuke.ground.orders import models
from shuke.ground.orders.events import OrdersRecorded, RefundsParked, RefundsRecorded
from shuke.kit.db import Tx

Statement = tuple[str, dict[str, Any]]

_COUNT_REFUNDS = """
update orders o set refunded_fen = o.refunded_fen + r.amount_fen
from json_to_recordset(%(rows)s) as r(order_id bigint, amount_fen bigint)
where o.merchant_id = %(merchant_id)s and o.order_id = r.order_id
"""
_MATCH_PARKED = """
update refund f set state = 'applied', order_id = r.order_id, member_id = r.member_id, points_taken_back = r.points_taken_back,
    points_given_back = r.points_given_back, closes_order = r.closes_order, refunded_after_fen = r.refunded_after_fen
from json_to_recordset(%(rows)s) as r(refund_id bigint, order_id bigint, member_id bigint, points_taken_back bigint,
    points_given_back bigint, closes_order boolean, refunded_after_fen bigint)
where f.merchant_id = %(merchant_id)s and f.refund_id = r.refund_id
"""


def recording(tx: Tx, rows: Sequence[dict[str, Any]], history: bool) -> list[Statement]:
    """The statements that record these orders; announces them, once a transaction. Runs nothing."""
    if not rows:
        return []
    order_ids = [row["order_id"] for row in rows]
    told = next((event for event in tx.announced if isinstance(event, OrdersRecorded)), None)
    if told is None:
        tx.announce(OrdersRecorded(order_ids=order_ids, history=history))
    else:
        told.order_ids.extend(order_ids)
    return [tx.insertion(models.Order, rows)]


def refunding(
    tx: Tx,
    applied: Sequence[dict[str, Any]],
    parked: Sequence[dict[str, Any]],
    matched: Sequence[dict[str, Any]],
    history: bool,
) -> list[Statement]:
    """The statements that record refunds: applied to their orders, parked until those come, or matched after parking."""
    statements: list[Statement] = []
    if applied or parked:
        statements.append(tx.insertion(models.Refund, [*applied, *parked]))
    if parked:
        tx.announce(RefundsParked(keys=[(row["order_source"], row["order_key"]) for row in parked]))
    if matched:
        statements.append((_MATCH_PARKED, {"rows": msgspec.json.encode(matched).decode()}))
    booked = [*applied, *matched]
    if booked:
        sums: dict[int, int] = {}
        for row in booked:
            sums[row["order_id"]] = sums.get(row["order_id"], 0) + row["amount_fen"]
        counted = [{"order_id": order_id, "amount_fen": fen} for order_id, fen in sums.items()]
        statements.append((_COUNT_REFUNDS, {"rows": msgspec.json.encode(counted).decode()}))
        tx.announce(RefundsRecorded(refund_ids=[row["refund_id"] for row in booked], history=history))
    return statements
