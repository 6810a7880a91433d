"""What is set up at 芙颜 before its first day: shops, levels, the points rule, segments and people at work."""

from __future__ import annotations

from typing import Any, NamedTuple

from shuke.programs import earning

SLUG = "fuyan"
NAME = "芙颜 FUYAN"
ZONE = "Asia/Shanghai"
PASSWORD = "shuke-demo"
"""Of the people at work of this merchant that exists to be looked at; `shuke up` prints it."""


def _store(code: str, name: str, address: str, latitude: float, longitude: float) -> dict[str, Any]:
    return {"code": code, "name": name, "address": address, "latitude": latitude, "longitude": longitude}


STORES = [
    _store("sh-jingan", "上海静安店", "上海市静安区南京西路 1038 号 2 层", 31.2304, 121.4590),
    _store("hz-hubin", "杭州湖滨店", "杭州市上城区湖滨路 28 号 1 层", 30.2547, 120.1613),
    _store("cd-taikoo", "成都春熙店", "成都市锦江区中纱帽街 8 号 L1", 30.6537, 104.0833),
]

RULE = earning.Draft(
    name="消费 1 元积 1 分", params={"points": 1, "per_fen": 100, "tier_multiplier": True, "validity": "9M_U"}
)


class Worker(NamedTuple):
    """Somebody at work here."""

    login: str
    name: str
    role: str
    store: str | None


STAFF = (Worker("demo", "苏芙", "owner", None), Worker("demo-clerk", "小满", "clerk", "sh-jingan"))


class Ready(NamedTuple):
    """A segment that is there from the start."""

    slug: str
    name: str
    description: str
    rule: dict[str, Any]


def _bought(op: str, value: Any, window: str, measure: Any = "count") -> dict[str, Any]:
    return {"did": "order", "window": {"last": window}, "measure": measure, "op": op, "value": value}


SEGMENTS = (
    Ready("high-value", "高价值会员", "近 180 天实付满 2,500 元", _bought(">=", 250_000, "180d", {"sum": "amount_fen"})),
    Ready(
        "potential", "潜力会员", "近 90 天买过 1–2 次，最近一个月还在逛，还不是高价值",
        {"all": [
            _bought("between", [1, 2], "90d"),
            {"did": "view", "window": {"last": "30d"}, "measure": "count", "op": ">=", "value": 2},
            {"not": {"segment": "high-value"}},
        ]},
    ),
    Ready(
        "cart-left", "加购没买", "近 7 天加过购物车，没有下单",
        {"all": [{"did": "add_to_cart", "window": {"last": "7d"}}, _bought("eq", 0, "7d")]},
    ),
    Ready(
        "check-in-fans", "签到达人", "近 30 天签到 15 天以上",
        {"did": "check_in", "window": {"last": "30d"}, "measure": "days", "op": ">=", "value": 15},
    ),
    Ready(
        "birthday-soon", "快过生日", "30 天内过生日",
        {"attr": "birthday", "op": "anniversary_within", "value": "30d"},
    ),
    Ready(
        "sale-hunters", "大促型会员", "一年里用优惠券下单 3 次以上",
        {"did": "order", "where": [{"prop": "coupon", "op": "exists"}], "window": {"last": "365d"},
         "measure": "count", "op": ">=", "value": 3},
    ),
)  # fmt: skip
JOURNEY = "dormant-500-as-50"
"""The ready example that is launched six weeks before the last day."""
