"""What the raw routes of `/v1` look like from outside; a test sends each example and reads its answer."""

from types import GenericAlias
from typing import Any, Literal

import msgspec

from shuke.ground import access, ingestion
from shuke.kit.http import Operation
from shuke.kit.kinds import Sentence
from shuke.programs.intake import open_api as intake


class PointsOfOrder(msgspec.Struct, omit_defaults=True):
    """What an order did to the member's points. `balance` can be spent now (below zero: owed); `pending` cannot be used yet and
    is not in it: a rule lets points wait some days, or until an action is confirmed. Held points are in neither."""

    earned: int
    spent: int
    balance: int
    pending: int = 0


class PointsOfRefund(msgspec.Struct, omit_defaults=True):
    """What a refund took back and gave back; `debt` is what later credits pay first.

    `balance` can be spent now (below zero: owed), `pending` cannot be used yet and is not in it.
    `cash_offset_fen` is to come off the money: what points that could not be taken back are worth.
    """

    taken_back: int
    given_back: int
    debt: int
    balance: int
    pending: int = 0
    cash_offset_fen: int = 0


class TierName(msgspec.Struct):
    """The member's tier after the order."""

    level: int
    name: str


class OrderAnswer(msgspec.Struct, omit_defaults=True):
    """The verdict on an order. `review`: later than the lateness window, waits for a person. A guest order has no points."""

    status: Literal["accepted", "duplicate", "review"]
    order_id: str
    member_id: int | None = None
    points: PointsOfOrder | None = None
    why: list[Sentence] = []
    tier: TierName | None = None
    points_value_fen: int = 0
    reason: Sentence | None = None


class RefundAnswer(msgspec.Struct, omit_defaults=True):
    """The verdict on a refund. `parked`: its order has not come yet."""

    status: Literal["accepted", "duplicate", "parked", "review"]
    refund_id: str
    order_id: str | None = None
    member_id: int | None = None
    points: PointsOfRefund | None = None
    why: list[Sentence] = []
    reason: Sentence | None = None


class EventAnswer(msgspec.Struct, omit_defaults=True):
    """The verdict on an event; `points` and `why` where a rule gave something for it."""

    status: Literal["accepted", "duplicate", "review"]
    event_id: str
    member_id: int | None = None
    points: PointsOfOrder | None = None
    why: list[Sentence] = []
    reason: Sentence | None = None


_LIST = (
    ' 请求体也可以是最多 1000 条的数组，每条各有结果:`{"results": […]}`,被拒绝的是 `{"status": "refused", "error": {…}}`。'
    " The body may also be a list of up to 1,000, each with its own verdict."
)
_TWICE = (
    " 同一个 `source` 加编号永远只算一次：重发得到第一次的结果，内容不同则 409 并指出哪里不同。"
    " The same source and id count once, for ever: a repeat gets the first answer, another body a 409 that says what differs."
)
_ORDER: dict[str, Any] = {
    "source": "pos-01", "order_id": "SO-20261121-0001", "occurred_at": "2026-11-21T10:00:00+08:00",
    "member": {"phone": "13800138000"}, "store_id": "s1", "channel": "pos",
    "lines": [
        {"sku": "SKU-1", "product": "保湿面霜 50ml", "category": "护肤", "brand": "初见", "quantity": 1, "amount_fen": 23900,
         "list_fen": 26900, "discount_fen": 3000},
        {"sku": "SKU-9", "product": "化妆棉", "category": "工具", "quantity": 2, "amount_fen": 2000},
    ],
    "payments": [{"method": "wechat", "amount_fen": 25900}],
}  # fmt: skip
_ORDER_ANSWER = {
    "status": "accepted", "order_id": "SO-20261121-0001", "member_id": 1,
    "points": {"earned": 259, "spent": 0, "balance": 259},
    "why": [{"zh": "消费 259 元，每 1 元送 1 积分", "en": "259 yuan spent, 1 point per yuan"}],
    "tier": {"level": 1, "name": "会员"}, "points_value_fen": 0,
}  # fmt: skip
_REFUND = {
    "source": "pos-01", "refund_id": "RF-1", "order_id": "SO-20261121-0001", "occurred_at": "2026-11-22T15:30:00+08:00",
    "amount_fen": 2000, "lines": [{"sku": "SKU-9", "quantity": 2, "amount_fen": 2000}],
}  # fmt: skip
_REFUND_ANSWER = {
    "status": "accepted", "refund_id": "RF-1", "order_id": "SO-20261121-0001", "member_id": 1,
    "points": {"taken_back": 20, "given_back": 0, "debt": 0, "balance": 239},
    "why": [{"zh": "退款 20 元，收回 20 积分", "en": "20 yuan refunded, 20 points taken back"}],
}  # fmt: skip
_EVENT = {
    "source": "mini", "event_id": "EV-1", "occurred_at": "2026-11-21T20:15:00+08:00", "member": {"phone": "13800138000"},
    "event": "view", "properties": {"sku": "SKU-1", "seconds": 42}, "channel": "mini",
}  # fmt: skip
_EVENT_ANSWER = {"status": "accepted", "event_id": "EV-1", "member_id": 1}


def operations() -> list[Operation]:
    """The raw routes of the API."""
    return [
        _ingest("orders", "写入订单 · Send orders", _ORDER, _ORDER_ANSWER,
                (ingestion.OrderIn, OrderAnswer, "一笔已支付的订单：记账、累计积分、返回会员的积分和等级。金额单位为分。"
                 " One paid order; the answer carries points, why, balance and tier.")),
        _ingest("refunds", "写入退款 · Send refunds", _REFUND, _REFUND_ANSWER,
                (ingestion.RefundIn, RefundAnswer, "整单或部分退款，可以早于订单到达。按原来的明细收回积分。"
                 " A refund, whole or partial; it may come before its order.")),
        _ingest("events", "写入行为 · Send events", _EVENT, _EVENT_ANSWER,
                (ingestion.EventIn, EventAnswer, "会员的一次行为：浏览、加购、分享、签到，或自定义名称。"
                 " Something a member did, with any properties.")),
    ]  # fmt: skip


def _ingest(name: str, summary: str, example: Any, answer_example: Any, shapes: tuple[Any, Any, str]) -> Operation:
    body, answer, words = shapes
    path = f"/v1/{name}"
    return Operation(
        method="post", path=path, summary=summary, description=words + _TWICE + _LIST, permission=f"{name}.write",
        body=body | GenericAlias(list, (body,)), answer=answer,
        body_example=example, answer_example=answer_example, refusals=(access.BadKey, *intake.REFUSALS[path]),
        more_answers={503: "`unavailable` 系统忙，按 Retry-After 重发同样的内容 · Busy: repeat the same call after Retry-After"},
    )  # fmt: skip
