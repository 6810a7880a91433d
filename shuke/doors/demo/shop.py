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


POINTS = {"points": {"value_fen_per_100": 500}}
"""What the shop reckons with: 100 points cost it 5 yuan, half of what it gives for them at the best of times."""


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


SEGMENTS = (
    Ready(
        "check-in-fans", "签到达人", "近 30 天签到 15 天以上",
        {"did": "check_in", "window": {"last": "30d"}, "measure": "days", "op": ">=", "value": 15},
    ),
    Ready(
        "sale-hunters", "大促型会员", "一年里用优惠券下单 3 次以上",
        {"did": "order", "where": [{"prop": "coupon", "op": "exists"}], "window": {"last": "365d"},
         "measure": "count", "op": ">=", "value": 3},
    ),
)  # fmt: skip
JOURNEY = "dormant-500-as-50"
"""The ready example that is launched six weeks before the last day."""
