"""Decides what a check-in gives: streaks from the set of days, milestones by what the run has not been given yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from shuke.assets.rewards import Reward, Rewards, of_points, sentence
from shuke.kit import errors
from shuke.kit.kinds import Sentence

AHEAD = timedelta(minutes=5)
"""How far a clock may be ahead of ours."""
MOST_MILESTONES = 20
MOST_SPECIAL_DAYS = 60
TOLD_DAYS = 3
"""How many special days the sentence tells one by one."""


class BadPlan(errors.Refused):
    """The check-in is not right: {reason}"""

    code = "bad_check_in"
    http_status = 422
    zh = "签到设置不对：{reason_zh}"
    cure = "Correct it and publish again."
    cure_zh = "请修改后再发布。"


class CheckInClosed(errors.Refused):
    """Check-in is not open at present."""

    code = "check_in_closed"
    zh = "现在没有开放签到。"
    cure = "The shop can open it under Missions → Check-in."
    cure_zh = "商家可以在「任务 → 签到」里打开。"


class ClockAhead(errors.Refused):
    """The check-in lies {minutes} minutes in the future."""

    code = "clock_ahead"
    http_status = 422
    zh = "签到时间比现在晚了 {minutes} 分钟。"
    cure = "Leave occurred_at out: our clock is used then."
    cure_zh = "请不要填 occurred_at，以我们的时间为准；或校准设备时间。"


class CheckInTooLate(errors.Refused):
    """The check-in of {day} came more than {hours} hours late."""

    code = "check_in_too_late"
    http_status = 422
    zh = "{day} 的签到晚到了 {hours} 小时以上，不再计入。"
    cure = "Make the day up instead, where the plan allows it."
    cure_zh = "如果允许补签，请用补签。"


class DayClosed(errors.Refused):
    """The member has checked in on a later day before; {day} stays closed."""

    code = "check_in_day_closed"
    zh = "会员在这之前已经签过更晚的一天，{day} 不能再签。"
    cure = "Wait for the next business day; a change of the time zone opens no past day."
    cure_zh = "请等到下一个营业日；改时区不会重新打开过去的日子。"


class Milestone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the `day`th day in a row gives on top."""

    day: Annotated[int, Meta(ge=1, le=1000)]
    rewards: Rewards


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a check-in on that date gives on top: 情人节签到礼."""

    on: date
    name: Annotated[str, Meta(min_length=1, max_length=20)]
    rewards: Rewards


class MakeUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How missed days can be made up: `days_back` 0 not at all. A card pays; without one `price_points`, if set."""

    days_back: Annotated[int, Meta(ge=0, le=60)] = 0
    per_month: Annotated[int, Meta(ge=1, le=31)] = 3
    price_points: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    gives_daily: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole check-in: what every day gives, what days in a row give, when the count of days begins anew.

    `cycle_days` None never begins anew. A check-in may come `late_hours` after it happened (a phone without a network).
    """

    rewards: Rewards = []
    milestones: Annotated[list[Milestone], Meta(max_length=MOST_MILESTONES)] = []
    cycle_days: Annotated[int, Meta(ge=1, le=1000)] | None = 7
    special_days: Annotated[list[SpecialDay], Meta(max_length=MOST_SPECIAL_DAYS)] = []
    make_up: MakeUp = MakeUp()
    late_hours: Annotated[int, Meta(ge=0, le=168)] = 24


DEFAULT = Plan(
    rewards=of_points(10),
    milestones=[Milestone(day=7, rewards=of_points(50))],
)
"""10 a day, 50 more on days 7, 14, 21 …"""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it was published."""

    version: int
    state: str
    plan: Plan
    published_at: datetime
    published_by: str


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One checked day of a run: by which version of the plan, and which milestones it was given."""

    day: date
    version: int
    milestones: tuple[int, ...] = ()


def check_plan(plan: Plan) -> None:
    """Refuse a plan that gives nothing, or whose milestones cannot be reached or stand there twice."""
    days = [milestone.day for milestone in plan.milestones]
    dates = [special.on for special in plan.special_days]
    reason: tuple[str, str, str] | None = None
    if not plan.rewards and not plan.milestones:
        reason = ("rewards", "it gives nothing", "什么也没送")
    elif len(set(days)) < len(days):
        reason = ("milestones", "a day stands there twice", "有重复的连续天数")
    elif plan.cycle_days is not None and any(day > plan.cycle_days for day in days):
        cycle = plan.cycle_days
        reason = (
            "milestones",
            f"the count begins anew after {cycle} days",
            f"连签 {cycle} 天就重新计数，更长的天数到不了",
        )
    elif any(not given for given in _extras(plan)):
        reason = ("milestones", "a milestone or special day gives nothing", "有的连签或节日没有礼遇")
    elif len(set(dates)) < len(dates):
        reason = ("special_days", "a date stands there twice", "有重复的日期")
    if reason is not None:
        raise BadPlan(field=reason[0], reason=reason[1], reason_zh=reason[2])


def _extras(plan: Plan) -> list[list[Reward]]:
    return [milestone.rewards for milestone in plan.milestones] + [special.rewards for special in plan.special_days]


def promised(plan: Plan) -> list[Reward]:
    """Everything the plan may give."""
    return [reward for part in (plan.rewards, *_extras(plan)) for reward in part]


def in_force(versions: Sequence[Version], occurred_at: datetime) -> Version:
    """The version that holds for a check-in; refuses while there is none or it is paused."""
    held = [one for one in versions if one.published_at <= occurred_at]
    found = max(held, key=lambda one: one.version, default=None)
    if found is None or found.state != "live":
        raise CheckInClosed
    return found


def on_time(plan: Plan, occurred_at: datetime, at: datetime, day: date) -> None:
    """Refuse a check-in from the future and one that came later than the plan allows."""
    if occurred_at > at + AHEAD:
        raise ClockAhead(field="occurred_at", minutes=int((occurred_at - at).total_seconds() // 60))
    if at - occurred_at > timedelta(hours=plan.late_hours) + AHEAD:
        raise CheckInTooLate(field="occurred_at", day=day.isoformat(), hours=plan.late_hours)


def run_with(days: Iterable[Day], new: Day) -> list[Day]:
    """The unbroken run of days that contains the new one, oldest first."""
    known = {one.day: one for one in days} | {new.day: new}
    first = last = new.day
    while first - timedelta(days=1) in known:
        first -= timedelta(days=1)
    while last + timedelta(days=1) in known:
        last += timedelta(days=1)
    return [known[first + timedelta(days=n)] for n in range((last - first).days + 1)]


def position(plan: Plan, length: int) -> int:
    """The place in the cycle of the `length`th day in a row."""
    return length if plan.cycle_days is None else (length - 1) % plan.cycle_days + 1


def due(plan: Plan, version: int, run: Sequence[Day]) -> list[int]:
    """The milestones that this run deserves by this version of the plan and was not given yet, each as often as it is due.

    Day by day these are the milestones of the new day. A day made up joins two runs: then what the longer run deserves
    less what both were given, so that no card buys the same milestone twice.
    """
    reached = Counter(position(plan, place) for place, one in enumerate(run, 1) if one.version == version)
    given = Counter(day for one in run if one.version == version for day in one.milestones)
    return [
        milestone.day
        for milestone in plan.milestones
        for _ in range(max(0, reached[milestone.day] - given[milestone.day]))
    ]


def streak_at(run: Sequence[Day], day: date) -> int:
    """How many days in a row end with this one."""
    return (day - run[0].day).days + 1


def next_milestone(plan: Plan, streak: int) -> tuple[int, Milestone] | None:
    """In how many more check-ins the next milestone comes, and which; None when none can come any more."""
    if not plan.milestones:
        return None
    span = plan.cycle_days or max(milestone.day for milestone in plan.milestones)
    by_day = {milestone.day: milestone for milestone in plan.milestones}
    for ahead in range(1, span + 1):
        found = by_day.get(position(plan, streak + ahead))
        if found is not None:
            return ahead, found
    return None


def most_points(plan: Plan, days: int) -> int:
    """The points of a member who checks in on each of so many days, special days left out."""
    by_day = {milestone.day: _points(milestone.rewards) for milestone in plan.milestones}
    extra = sum(by_day.get(position(plan, length), 0) for length in range(1, days + 1))
    return days * _points(plan.rewards) + extra


def _points(given: Sequence[Reward]) -> int:
    return sum(int(one.params.get("points", 0)) for one in given if one.kind == "points")


def _told_festivals(plan: Plan) -> Iterable[tuple[str, str]]:
    """Each special day with what it gives, by date; of many only the names."""
    days = sorted(plan.special_days, key=lambda one: one.on)
    if len(days) > TOLD_DAYS:
        some = [one.name for one in days[:TOLD_DAYS]]
        yield (
            f"{'、'.join(some)}等 {len(days)} 个节日签到另有礼",
            f"a check-in on {', '.join(some)} and {len(days) - TOLD_DAYS} more festivals gives something more",
        )
        return
    for one in days:
        words = sentence(one.rewards)
        yield (
            f"{one.name}（{one.on.year} 年 {one.on.month} 月 {one.on.day} 日）签到再送 {words.zh}",
            f"a check-in on {one.name} ({one.on}) gives {words.en} more",
        )


def told(plan: Plan) -> Sentence:
    """每天签到送 10 积分；连续第 7 天再送 50 积分；每 7 天一轮；情人节（2027 年 2 月 14 日）签到再送玫瑰一支。"""
    zh, en = [], []
    if plan.rewards:
        words = sentence(plan.rewards)
        zh.append(f"每天签到送 {words.zh}")
        en.append(f"Each day's check-in gives {words.en}")
    for milestone in sorted(plan.milestones, key=lambda one: one.day):
        words = sentence(milestone.rewards)
        zh.append(f"连续第 {milestone.day} 天再送 {words.zh}")
        en.append(f"day {milestone.day} in a row gives {words.en} more")
    if plan.milestones and plan.cycle_days is not None:
        zh.append(f"每 {plan.cycle_days} 天一轮")
        en.append(f"the count begins anew every {plan.cycle_days} days")
    for festival_zh, festival_en in _told_festivals(plan):
        zh.append(festival_zh)
        en.append(festival_en)
    if plan.make_up.days_back:
        price_zh = f"或 {plan.make_up.price_points} 积分" if plan.make_up.price_points else ""
        price_en = f" or {plan.make_up.price_points} points" if plan.make_up.price_points else ""
        zh.append(f"漏签可用补签卡{price_zh}补最近 {plan.make_up.days_back} 天，每月最多 {plan.make_up.per_month} 次")
        en.append(
            f"the last {plan.make_up.days_back} days can be made up for a card{price_en}, {plan.make_up.per_month} a month"
        )
    return Sentence("；".join(zh) + "。", "; ".join(en) + ".")
