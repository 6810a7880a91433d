"""What one member may give another: caps per day and per month, exact because they are read under the giver's lock."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from shuke.kit import errors

LONGEST_NOTE = 100


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most that one member may give on one business date and in one calendar month; 0 forbids, none is no limit."""

    day: int | None = 1000
    month: int | None = 5000


class OverCap(errors.Refused):
    """At most {cap} points may be given in one {period}; {given} were given, {wanted} more are wanted."""

    code = "transfer_cap"
    zh = "每位会员{period_zh}最多转赠 {cap} 积分，已转赠 {given}，这次要转 {wanted}。"
    cure = "Give at most {left} now."
    cure_zh = "这次最多可转 {left} 积分。"


class ToOneself(errors.Refused):
    """A member cannot give to themselves."""

    code = "transfer_to_oneself"
    http_status = 422
    zh = "不能转赠给自己。"
    cure = "Choose another member."
    cure_zh = "请选择另一位会员。"


class WrongAmount(errors.Refused):
    """A transfer gives a whole number from 1 up."""

    code = "transfer_amount"
    http_status = 422
    zh = "转赠的数量应为大于 0 的整数。"
    cure = "Give at least 1."
    cure_zh = "至少转赠 1。"


class NotAGift(errors.Refused):
    """{name} cannot be given to another member."""

    code = "not_transferable"
    zh = "{name_zh}不能转赠。"
    cure = "Points, stored credit and stamps can be given."
    cure_zh = "可以转赠的是积分、储值和印花。"


class Given(msgspec.Struct):
    """What a member has given so far on this date and in this month, in one wallet."""

    day: int = 0
    month: int = 0


def within(caps: Caps, given: Given, wanted: int) -> None:
    """Refuses `OverCap` where giving `wanted` more would pass a cap."""
    for period, zh, cap, before in (("day", "每天", caps.day, given.day), ("month", "每月", caps.month, given.month)):
        if cap is not None and before + wanted > cap:
            left: dict[str, Any] = {"cap": cap, "given": before, "wanted": wanted, "left": max(cap - before, 0)}
            raise OverCap(field="points", period=period, period_zh=zh, **left)


def month_of(day: date) -> date:
    """The first of the month."""
    return day.replace(day=1)
