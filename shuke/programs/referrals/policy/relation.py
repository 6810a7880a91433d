"""Decides who may be referred by whom, what orders make of a relation, what is given within caps, and the boards."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec

from shuke.ground.orders import Settled
from shuke.kit import errors
from shuke.kit.kinds import Sentence
from shuke.programs.referrals.policy.plan import Plan

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Capital letters and digits that nobody mistakes for each other: no 0 O 1 I L."""
CODE_LENGTH = 7
"""31^7 codes, some 27 thousand million: a million members use one in 27 thousand, so guessing is no way in."""
OPEN = ("waiting", "ordered")
State = Literal["waiting", "ordered", "rewarded", "taken_back", "refused", "void"]
How = Literal["code", "link", "device", "staff"]


class CannotRefer(errors.Refused):
    """This referral does not count: {reason}"""

    code = "cannot_refer"
    zh = "这次推荐不成立：{reason_zh}"
    cure = "Nothing was noted; the member is a member all the same."
    cure_zh = "没有记录推荐关系，不影响会员身份。"


class NoSuchCode(errors.NotFound):
    """There is no referral code "{code}"."""

    code = "no_such_referral_code"
    zh = "没有「{code}」这个推荐码。"
    cure = "Ask the friend for the code again; it has seven letters and digits."
    cure_zh = "请向好友再要一次推荐码，是 7 位字母和数字。"

    def __init__(self, code: str, **facts: Any) -> None:
        errors.Refused.__init__(self, code=code, **facts)


class ReasonNeeded(errors.Refused):
    """A refusal needs a reason."""

    code = "reason_needed"
    http_status = 422
    zh = "驳回要写原因。"
    cure = "Say in a few words why."
    cure_zh = "请用几个字写明原因。"


REFUSALS: dict[str, tuple[str, str]] = {
    "self": ("nobody refers themselves", "不能推荐自己"),
    "ring": ("the one who refers was brought in by this friend", "推荐人自己就是这位好友带来的，不能绕成圈"),
    "referred_before": ("the friend was referred before", "这位好友之前已经有推荐人"),
    "not_new": ("the friend is no new member", "这位好友不是新会员"),
    "bought_before": ("the friend has bought before", "这位好友之前已经买过"),
    "same_device": ("the device belongs to another member", "这台设备已经被别的会员用过"),
    "nobody": ("nobody's link was opened on this device in time", "这台设备近期没有打开过推荐链接"),
    "merged": ("they are one person", "推荐人和好友其实是同一个人"),
}


def refusal(why: str) -> CannotRefer:
    """The refusal of a kind, in both languages."""
    en, zh = REFUSALS[why]
    return CannotRefer(why=why, reason=en, reason_zh=zh)


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """One friend and who brought them. `review`: none, waiting, accepted, refused."""

    referral_id: int
    friend_id: int
    referrer_id: int
    how: str
    code: str
    version: int
    flags: list[str]
    review: str
    state: str
    reason: str
    order_id: int | None
    order_at: datetime | None
    due_at: datetime | None
    settled_at: datetime | None
    capped: bool
    occurred_at: datetime
    recorded_at: datetime

    @property
    def payable(self) -> bool:
        """Whether only time stands between this relation and its rewards."""
        return self.state == "ordered" and self.review in {"none", "accepted"}


def normal(code: str) -> str:
    """A code as it is kept: capitals, without blanks and hyphens, also where it was typed in full width."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", code).upper() if sign.isalnum())


def device_key(device: str) -> str:
    """How a device is remembered: never by what it calls itself, only by a digest of it."""
    return hashlib.sha256(device.strip().encode()).hexdigest()[:32] if device.strip() else ""


def masked(name: str) -> str:
    """A member's name as other members may see it."""
    return f"{name[0]}**" if name.strip() else "**"


def is_ring(friend_id: int, referrer_id: int, parents: Mapping[int, int]) -> bool:
    """Whether the friend stands somewhere above the one who refers them; `parents` is friend → referrer."""
    seen: set[int] = set()
    at: int | None = referrer_id
    while at is not None and at not in seen:
        if at == friend_id:
            return True
        seen.add(at)
        at = parents.get(at)
    return False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a friend's orders make of a relation that is still open."""

    state: State
    reason: str = ""
    order_id: int | None = None
    order_at: datetime | None = None
    due_at: datetime | None = None


def outcome(plan: Plan, occurred_at: datetime, bought: Iterable[Settled]) -> Outcome:
    """From all orders that stood their return window, oldest first, in whatever order they were heard of.

    Who bought before was no new member. Of those after, the first that is large enough and in time counts.
    """
    within = None if plan.order_days is None else occurred_at + timedelta(days=plan.order_days)
    for order in bought:
        if order.occurred_at < occurred_at:
            return Outcome(state="void", reason="bought_before")
        if within is not None and order.occurred_at >= within:
            break
        if order.net_fen >= plan.least_fen:
            wait = timedelta(days=plan.return_days if plan.gives == "after_window" else 0)
            due = order.occurred_at + wait
            return Outcome(state="ordered", order_id=order.order_id, order_at=order.occurred_at, due_at=due)
    return Outcome(state="waiting")


@dataclass(slots=True)
class Taken:
    """How many of a member's friends have been rewarded: in all, and by month. Counted up while a batch is paid."""

    total: int = 0
    months: Counter[date] = field(default_factory=Counter)

    def take(self, plan: Plan, month: date) -> bool:
        """Whether one more fits into the caps; if so, counts it."""
        fits = (plan.total_cap is None or self.total < plan.total_cap) and (
            plan.month_cap is None or self.months[month] < plan.month_cap
        )
        if fits:
            self.total += 1
            self.months[month] += 1
        return fits


def period_start(period: str, day: date) -> date:
    """The first day of the week (from Monday) or month that a business date belongs to."""
    return day.replace(day=1) if period == "month" else day - timedelta(days=day.weekday())


def next_period(period: str, starts_on: date) -> date:
    """The first day of the period after."""
    if period == "week":
        return starts_on + timedelta(days=7)
    return (starts_on + timedelta(days=32)).replace(day=1)


def ended_periods(period: str, since: date, today: date, most: int = 26) -> list[date]:
    """First days of the periods that were over at the start of `today` and not before `since`, the oldest first."""
    found = []
    start = period_start(period, since)
    while (end := next_period(period, start)) <= today:
        found.append(start)
        start = end
    return found[-most:]


def explained(why: Mapping[str, Any]) -> Sentence:
    """Why a referral gave something, in words."""
    if why["side"] == "friend":
        return Sentence(
            f"受会员 {why['referrer_id']} 推荐加入，首单礼", f"Referred by member {why['referrer_id']}: first order"
        )
    return Sentence(
        f"推荐好友（会员 {why['friend_id']}）首单", f"Referred member {why['friend_id']}: their first order"
    )


_BACK = {
    "refund": ("首单退款", "the first order was refunded"),
    "merged": ("两人其实是同一个人", "both are one person"),
    "referred_before": ("这位好友早有推荐人", "the friend was referred before"),
}


def taken_back(why: Mapping[str, Any]) -> Sentence:
    """Why it was taken back."""
    zh, en = _BACK.get(why.get("because", ""), _BACK["refund"])
    return Sentence(f"收回推荐礼（会员 {why['friend_id']}）：{zh}", f"Referral of member {why['friend_id']}: {en}")


def prized(why: Mapping[str, Any]) -> Sentence:
    """Which place on which board it was."""
    day = date.fromisoformat(why["starts_on"])
    if why["period"] == "month":
        zh, en = f"{day.year}年{day.month}月", f"{day:%Y-%m}"
    else:
        zh, en = f"{day.month}月{day.day}日那周", f"the week of {day.isoformat()}"
    return Sentence(f"推荐排行榜{zh}第 {why['place']} 名", f"Place {why['place']} on the referral board of {en}")


def ranked(counts: Sequence[tuple[int, int, datetime]]) -> list[tuple[int, int, int]]:
    """(place, member, friends) from (member, friends, instant of the last one): more first, then who got there first."""
    order = sorted(counts, key=lambda one: (-one[1], one[2], one[0]))
    return [(place, member_id, friends) for place, (member_id, friends, _) in enumerate(order, 1)]
