"""The ready-made segments of the members' life: every member with an order is in exactly one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shuke.insight import segments

if TYPE_CHECKING:
    from datetime import datetime

    from shuke.kit.db import Tx


class Stage(NamedTuple):
    """One stage: its key on the overview, the segment's slug, name, description and rule."""

    key: str
    slug: str
    name: str
    description: str
    rule: dict[str, Any]


def _orders(op: str, value: Any) -> dict[str, Any]:
    return {"did": "order", "measure": "count", "op": op, "value": value}


def _quiet(op: str, days: Any) -> dict[str, Any]:
    return {"did": "order", "measure": "days_since_last", "op": op, "value": days}


_JUST_JOINED = {"all": [_orders("eq", 0), {"attr": "joined_at", "op": ">=", "value": {"ago": "30d"}}]}

STAGES = (
    Stage("new", "lifecycle-new", "新客", "30 天内第一次消费，或刚入会还没消费",
          {"any": [{"all": [_orders("eq", 1), _quiet("<=", 30)]}, _JUST_JOINED]}),
    Stage("growing", "lifecycle-growing", "成长会员", "买过 2–4 次，最近两周来过",
          {"all": [_orders("between", [2, 4]), _quiet("<=", 14)]}),
    Stage("mature", "lifecycle-mature", "成熟会员", "买过 5 次以上，最近两周来过",
          {"all": [_orders(">=", 5), _quiet("<=", 14)]}),
    Stage("at_risk", "lifecycle-at-risk", "有流失风险", "老客，15–30 天没来",
          {"all": [_orders(">=", 2), _quiet("between", [15, 30])]}),
    Stage("dormant", "lifecycle-dormant", "沉睡会员", "31–180 天没有消费", _quiet("between", [31, 180])),
    Stage("lost", "lifecycle-lost", "流失会员", "超过 180 天没有消费", _quiet(">", 180)),
)  # fmt: skip


async def install(tx: Tx, at: datetime) -> None:
    """Create the segments of all stages that are missing. Repeatable."""
    known = {one.slug for one in await segments.list_segments(tx)}
    for stage in STAGES:
        if stage.slug not in known:
            await segments.create_segment(
                tx, name=stage.name, slug=stage.slug, description=stage.description, rule=stage.rule, at=at, by="shuke"
            )
