"""Decides: the six stages of a member's life from four limits, their rules, and which limits a set of rules came from."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from shuke.kit import errors
from shuke.kit.kinds import Sentence


class BadLimits(errors.Refused):
    """The limits of the stages must rise: {active} days, then {dormant}, then {lost}."""

    code = "bad_limits"
    http_status = 422
    zh = "天数要一个比一个大：现在是 {active} 天、{dormant} 天、{lost} 天。"
    cure = "Let each be larger than the one before, and at most 1,000 days; growing ends at 3 to 100 purchases."
    cure_zh = "请让后一个大于前一个，最多 1,000 天；成熟从 3 到 100 次消费起。"


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one stage ends and the next begins, in business dates without an order; who has `mature_orders` is mature."""

    active_days: int
    dormant_after: int
    lost_after: int
    mature_orders: int


class Stage(NamedTuple):
    """One stage: its key on the overview, the segment's slug, name, description."""

    key: str
    slug: str
    name: str
    description: str


DEFAULT = Limits(active_days=14, dormant_after=30, lost_after=180, mature_orders=5)
STAGES = (
    Stage("new", "lifecycle-new", "新客", "第一次消费不久，或刚入会还没消费"),
    Stage("growing", "lifecycle-growing", "成长会员", "来过几次，最近还来"),
    Stage("mature", "lifecycle-mature", "成熟会员", "常客，最近还来"),
    Stage("at_risk", "lifecycle-at-risk", "预警会员", "老客，有一阵没来了"),
    Stage("dormant", "lifecycle-dormant", "沉睡会员", "很久没来，还叫得回来"),
    Stage("lost", "lifecycle-lost", "流失会员", "太久没来，多半不会再来"),
)
KEYS = tuple(stage.key for stage in STAGES)
SLUGS = tuple(stage.slug for stage in STAGES)


def checked(limits: Limits) -> Limits:
    """The limits themselves; refuses `BadLimits`."""
    rising = 0 < limits.active_days < limits.dormant_after < limits.lost_after <= 1_000
    if not rising or not 3 <= limits.mature_orders <= 100:
        raise BadLimits(field="limits", active=limits.active_days, dormant=limits.dormant_after, lost=limits.lost_after)
    return limits


def rules(limits: Limits) -> dict[str, dict[str, Any]]:
    """The rule of each stage by its slug; whoever has an order is in exactly one."""
    active, dormant, lost, mature = msgspec.structs.astuple(limits)
    joined = {"attr": "joined_at", "op": ">=", "value": {"ago": f"{dormant}d"}}
    found = (
        {"any": [{"all": [_orders("eq", 1), _quiet("<=", dormant)]}, {"all": [_orders("eq", 0), joined]}]},
        {"all": [_orders("between", [2, mature - 1]), _quiet("<=", active)]},
        {"all": [_orders(">=", mature), _quiet("<=", active)]},
        {"all": [_orders(">=", 2), _quiet("between", [active + 1, dormant])]},
        _quiet("between", [dormant + 1, lost]),
        _quiet(">", lost),
    )
    return dict(zip(SLUGS, found, strict=True))


def limits_of(found: dict[str, dict[str, Any]]) -> Limits | None:
    """The limits that these rules (by slug) were made from; None where a stage is missing or was worded by hand."""
    try:
        (active, orders), dormant, lost = found[SLUGS[2]]["all"][::-1], found[SLUGS[4]], found[SLUGS[5]]
        read = Limits(active["value"], dormant["value"][0] - 1, lost["value"], orders["value"])
        told = rules(msgspec.convert(msgspec.to_builtins(read), Limits))
    except (KeyError, IndexError, TypeError, ValueError, msgspec.ValidationError):
        return None
    return read if all(found.get(slug) == rule for slug, rule in told.items()) else None


def words(limits: Limits) -> list[Sentence]:
    """Each stage in a sentence, in their order."""
    active, dormant, lost, mature = msgspec.structs.astuple(limits)
    return [
        Sentence(
            f"新客：{dormant} 天内第一次消费，或刚入会", f"New: first order within {dormant} days, or just joined"
        ),
        Sentence(
            f"成长：买过 2–{mature - 1} 次，{active} 天内来过",
            f"Growing: 2–{mature - 1} orders, the last within {active} days",
        ),
        Sentence(
            f"成熟：买过 {mature} 次以上，{active} 天内来过",
            f"Mature: {mature} orders or more, the last within {active} days",
        ),
        Sentence(
            f"预警：老客，{active + 1}–{dormant} 天没来",
            f"At risk: regulars not seen for {active + 1}–{dormant} days",
        ),
        Sentence(f"沉睡：{dormant + 1}–{lost} 天没来", f"Dormant: not seen for {dormant + 1}–{lost} days"),
        Sentence(f"流失：超过 {lost} 天没来", f"Lost: not seen for more than {lost} days"),
    ]


def _orders(op: str, value: Any) -> dict[str, Any]:
    return {"did": "order", "measure": "count", "op": op, "value": value}


def _quiet(op: str, days: Any) -> dict[str, Any]:
    return {"did": "order", "measure": "days_since_last", "op": op, "value": days}
