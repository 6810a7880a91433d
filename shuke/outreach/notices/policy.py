"""When and in which words members hear that points run out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from shuke.kit import errors

MOST_DAYS = 5
FARTHEST = 180
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec")
CATCH_UP = 2
"""A notice that could not go out on its day, because nothing ran, still goes out this many days later."""


class BadDays(errors.Refused):
    """A notice is given on 1 to {most} different days, each 1 to {farthest} days before points run out."""

    code = "notice_days"
    http_status = 422
    zh = "提醒可以有 1 到 {most} 次，每次在到期前 1 到 {farthest} 天。"
    cure = "For example 30, 7 and 1."
    cure_zh = "例如 30、7、1。"


class BadHour(errors.Refused):
    """Messages go out between 8 and 21 o'clock."""

    code = "notice_hour"
    http_status = 422
    zh = "只能在 8 点到 21 点之间发。"
    cure = "Choose an hour from 8 to 21."
    cure_zh = "请选 8 到 21 点之间的整点。"


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a merchant announces that points run out: how many days before, at which hour, in which words."""

    on: bool = True
    days: tuple[int, ...] = (30, 7, 1)
    hour: int = 10
    title: str = "积分快到期了"
    body: str = "{name}，您有 {points} 积分将在 {expires} 到期，来店里用掉吧。"
    channel: str = "auto"


def plan_of(settings: Mapping[str, Any]) -> Plan:
    """The merchant's plan, or the usual one."""
    return msgspec.convert(settings.get("notices", {}), Plan)


def checked(plan: Plan) -> Plan:
    """The plan with its days in order, the farthest first; refuses unfit days and hours."""
    days = tuple(sorted(set(plan.days), reverse=True))
    if not 1 <= len(days) <= MOST_DAYS or len(days) != len(plan.days) or not all(1 <= one <= FARTHEST for one in days):
        raise BadDays(field="days", most=MOST_DAYS, farthest=FARTHEST)
    if not 8 <= plan.hour <= 21:
        raise BadHour(field="hour")
    return msgspec.structs.replace(plan, days=days)


def last_days(days: Sequence[int], today: date) -> list[tuple[int, date]]:
    """Which (days before, last day of points) are announced today: each at its distance, or a little late.

    Never as late as the next, nearer notice: a member hears of the same points once for each distance.
    """
    found = []
    for n, before in enumerate(days):
        nearer = days[n + 1] if n + 1 < len(days) else -1
        distances = range(before, max(before - CATCH_UP - 1, nearer), -1)
        found += [(before, today + timedelta(days=distance)) for distance in distances]
    return found


def told(day: date, locale: str) -> str:
    """A day as the message names it, in the merchant's language."""
    return f"{day.month}月{day.day}日" if locale == "zh" else f"{day.day} {MONTHS[day.month - 1]}"
