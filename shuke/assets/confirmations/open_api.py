"""Confirmations by the API: a shop says that the goods were received or the service was used."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post

from shuke.assets.confirmations import actions, queries
from shuke.ground import orders
from shuke.kit import clock, errors, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ConfirmationBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What was done: an order by `source` and `order_id`, or the points of one `key` of the ledger; `action` for one only."""

    source: Word = "api"
    order_id: Word | None = None
    key: Word | None = None
    action: Word | None = None


class ConfirmationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How many points can be used because of it, now or since an earlier call, and what became of each credit."""

    points: int
    items: list[queries.AwaitedShape]


class NameOne(errors.Refused):
    """A confirmation names an order or a key, one of the two."""

    code = "name_one"
    http_status = 422
    zh = "请给出订单号或编号，二选一。"
    cure = "Send order_id, or key."
    cure_zh = "请传 order_id，或者传 key。"


@post(
    "/confirmations",
    guards=[http.requires("orders.write")],
    status_code=200,
    responses=http.declares(actions.NothingAwaited, NameOne),
)
async def send_confirmation(data: ConfirmationBody, database: Database, caller: Caller) -> ConfirmationAnswer:
    """Say that the goods were received or the service used · 确认收货、到店核销: points that waited for it can be used at once.

    Repeatable: a second call gets the same answer. What lapsed before, or was taken back by a refund, says so in its state.
    """
    if (data.order_id is None) == (data.key is None):
        raise NameOne(field="order_id")
    at = clock.now()

    async def confirm(tx: Tx) -> list[queries.AwaitedShape]:
        order_id = None
        if data.order_id is not None:
            known = await orders.orders_of_keys(tx, [(data.source, data.order_id)])
            if not known:
                raise actions.NothingAwaited(field="order_id")
            order_id = known[data.source, data.order_id].order_id
        return await actions.confirm(
            tx, [actions.Wish(order_id=order_id, key=data.key, action=data.action)], at, caller.name
        )

    items = await database.attempt(caller.merchant_id, confirm)
    return ConfirmationAnswer(points=sum(one.points for one in items if one.state == "confirmed"), items=items)


routes = [send_confirmation]
