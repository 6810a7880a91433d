"""Verbs of check-in: publish the plan, check members in, make a missed day up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec

from shuke.assets import points, rewards
from shuke.ground import ingestion, tenancy
from shuke.kit import clock, errors
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.programs.missions import models
from shuke.programs.missions.events import Checked, CheckedIn
from shuke.programs.missions.policy import check_in as policy
from shuke.programs.missions.policy.check_in import Day, Plan, Version
from shuke.programs.missions.queries import check_ins

SOURCE = "shuke"


class NothingToMakeUp(errors.Refused):
    """{day} cannot be made up: {reason}"""

    code = "nothing_to_make_up"
    http_status = 422
    zh = "{day} 不能补签：{reason_zh}"
    cure = "Choose one of the days in can_make_up."
    cure_zh = "请从可补签的日子里选。"


class NoCard(errors.Refused):
    """The member has no make-up card{price}."""

    code = "no_make_up_card"
    zh = "会员没有补签卡{price_zh}。"
    cure = "Give a card first, or let the member earn one."
    cure_zh = "请先送一张补签卡，或等会员攒够。"


class CheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """One member checks in at that instant."""

    member_id: int
    occurred_at: datetime


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a check-in: written, already there (nothing moves), or refused with the reason."""

    state: Literal["checked_in", "already", "refused"]
    day: date | None = None
    streak: int = 0
    given: list[dict[str, Any]] = []
    refusal: errors.Refused | None = None


async def publish(tx: Tx, plan: Plan, state: Literal["live", "paused"], by: str, at: datetime) -> Version:
    """Make a new version of the check-in; what was given before stays. Refuses a plan that is not right."""
    policy.check_plan(plan)
    await rewards.check(tx, policy.promised(plan))
    newest = next(iter(await check_ins.versions(tx)), None)
    row = {
        "version": 1 + (newest.version if newest else 0), "state": state, "plan": msgspec.to_builtins(plan),
        "published_at": at, "published_by": by,
    }  # fmt: skip
    await tx.insert(models.CheckInPlan, [row])
    return (await check_ins.versions(tx))[0]


@dataclass(slots=True)
class _Try:
    """One check-in on its way."""

    member_id: int
    occurred_at: datetime
    day: date
    how: str
    version: Version
    run: list[Day]
    milestones: list[int]

    @property
    def streak(self) -> int:
        return policy.streak_at(self.run, self.day)


async def check_in(tx: Tx, asked: Sequence[CheckIn], at: datetime, *, tell: bool = True) -> list[Verdict]:
    """Check members in, each with its own verdict, in order: once per member and business day, for ever.

    The day is that of `occurred_at` in the merchant's zone with its day start. Members are locked like by their orders,
    so that of many parallel check-ins one is written and the others answer `already`. The number of statements does not
    depend on the number of members; a member who comes several times in one call takes a round for each. `tell`
    announces each as a `check_in` event; leave it out for those that came as events.
    """
    verdicts: dict[int, Verdict] = {}
    rounds: list[list[int]] = []
    seen: dict[int, int] = {}
    for index, one in enumerate(asked):
        turn = seen[one.member_id] = seen.get(one.member_id, -1) + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(index)
    for indexes in rounds:
        found = await _round(tx, [asked[index] for index in indexes], at, tell)
        verdicts.update(zip(indexes, found, strict=True))
    return [verdicts[index] for index in range(len(asked))]


async def _round(tx: Tx, asked: Sequence[CheckIn], at: datetime, tell: bool) -> list[Verdict]:
    merchant = await tenancy.get_merchant(tx)
    plans = await check_ins.versions(tx)
    await points.open_book(tx, [one.member_id for one in asked], at=at)
    days = [clock.business_date(one.occurred_at, merchant.zone, merchant.day_start_minutes) for one in asked]
    runs = await check_ins.runs_at(tx, [(one.member_id, day) for one, day in zip(asked, days, strict=True)])
    wanted = [(one.member_id, day, one.occurred_at) for one, day in zip(asked, days, strict=True)]
    closed = await check_ins.closed_days(tx, wanted)
    verdicts: list[Verdict] = []
    tries: dict[int, _Try] = {}
    for index, (one, day) in enumerate(zip(asked, days, strict=True)):
        run = runs.get(one.member_id, [])
        try:
            verdicts.append(_already(run, day) or Verdict(state="checked_in", day=day))
            if verdicts[-1].state == "checked_in":
                tries[index] = _attempt(plans, one, day, run, closed, at)
        except errors.Refused as refusal:
            verdicts[-1] = Verdict(state="refused", day=day, refusal=refusal)
    written = await _write(tx, list(tries.values()), at, tell)
    for index, verdict in zip(tries, written, strict=True):
        verdicts[index] = verdict
    return verdicts


def _already(run: Sequence[Day], day: date) -> Verdict | None:
    if all(one.day != day for one in run):
        return None
    return Verdict(state="already", day=day, streak=policy.streak_at(policy.run_with(run, _same(run, day)), day))


def _same(run: Sequence[Day], day: date) -> Day:
    return next(one for one in run if one.day == day)


def _attempt(
    plans: Sequence[Version], one: CheckIn, day: date, run: Sequence[Day], closed: set[int], at: datetime
) -> _Try:
    version = policy.in_force(plans, min(one.occurred_at, at))
    policy.on_time(version.plan, one.occurred_at, at, day)
    if one.member_id in closed:
        raise policy.DayClosed(day=day.isoformat())
    return _try(one.member_id, one.occurred_at, day, "self", version, run)


def _try(member_id: int, occurred_at: datetime, day: date, how: str, version: Version, run: Sequence[Day]) -> _Try:
    whole = policy.run_with(run, Day(day=day, version=version.version))
    milestones = policy.due(version.plan, version.version, whole)
    return _Try(member_id, occurred_at, day, how, version, whole, milestones)


async def _write(tx: Tx, tries: Sequence[_Try], at: datetime, tell: bool) -> list[Verdict]:
    """Give what the check-ins deserve, write them with what was given, and announce them."""
    if not tries:
        return []
    gifts = [gift for one in tries for gift in _gifts(one)]
    given = iter(await rewards.give(tx, gifts))
    told: list[list[dict[str, Any]]] = []
    for one in tries:
        told.append([_told(gift, next(given)) for gift in _gifts(one)])
    rows = [
        {
            "member_id": one.member_id, "day": one.day, "how": one.how, "version": one.version.version,
            "streak": one.streak, "milestones": one.milestones, "given": what, "occurred_at": one.occurred_at,
            "recorded_at": at,
        }
        for one, what in zip(tries, told, strict=True)
    ]  # fmt: skip
    await tx.insert(models.CheckIn, rows)
    checked = [Checked(one.member_id, one.day, one.streak, one.how, one.run[-1].day, len(one.run)) for one in tries]
    tx.announce(CheckedIn(checked=checked))
    if tell:
        tx.announce(ingestion.EventsRecorded(events=[_behaviour(one) for one in tries]))
    return [
        Verdict(state="checked_in", day=one.day, streak=one.streak, given=what)
        for one, what in zip(tries, told, strict=True)
    ]


def _gifts(one: _Try) -> list[rewards.Gift]:
    """What this check-in gives: the day's own, each milestone that is due, the special day's."""
    plan = one.version.plan
    parts: list[tuple[str, dict[str, Any], Sequence[rewards.Reward]]] = []
    if one.how == "self" or plan.make_up.gives_daily:
        parts.append(("day", {}, plan.rewards))
    by_day = {milestone.day: milestone.rewards for milestone in plan.milestones}
    for nth, milestone in enumerate(one.milestones):
        parts.append((f"m{milestone}.{nth}", {"milestone": milestone}, by_day[milestone]))
    if one.how == "self":
        special = next((special for special in plan.special_days if special.on == one.day), None)
        if special is not None:
            parts.append(("special", {"special": special.name}, special.rewards))
    why = {"kind": "check_in", "day": one.day.isoformat(), "streak": one.streak, "how": one.how}
    return [
        rewards.Gift(
            member_id=one.member_id, reward=reward, key=f"check_in:{one.member_id}:{one.day}:{name}:{place}",
            why={**why, **more}, at=one.occurred_at,
        )
        for name, more, deserved in parts
        for place, reward in enumerate(deserved)
    ]  # fmt: skip


def _told(gift: rewards.Gift, given: rewards.Given) -> dict[str, Any]:
    words = given.detail.get("words") or msgspec.to_builtins(rewards.sentence([gift.reward]))
    return {
        "state": given.state, "kind": given.kind, "words": words, "detail": given.detail,
        "why": msgspec.to_builtins(_explained(gift.why)),
    }  # fmt: skip


def _behaviour(one: _Try) -> ingestion.Behaviour:
    return ingestion.Behaviour(
        event="check_in", member_id=one.member_id, occurred_at=one.occurred_at, day=one.day,
        event_id=f"check_in:{one.member_id}:{one.day}", source=SOURCE, properties={"streak": one.streak},
    )  # fmt: skip


async def make_up(tx: Tx, member_id: int, day: date, at: datetime) -> Verdict:
    """Make a missed day up: a card pays, without one the price in points. Repeatable: a checked day costs nothing.

    The days on both sides become one run; what it deserves and was not given yet is given. Refuses a day out of reach,
    more than so many a month, and a member who cannot pay.
    """
    merchant = await tenancy.get_merchant(tx)
    version = policy.in_force(await check_ins.versions(tx), at)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    await points.open_book(tx, [member_id], at=at)
    run = (await check_ins.runs_at(tx, [(member_id, day)])).get(member_id, [])
    known = _already(run, day)
    if known is not None:
        return known
    rule = version.plan.make_up
    if not today - timedelta(days=rule.days_back) <= day < today:
        raise NothingToMakeUp(
            field="day", day=day.isoformat(), reason=f"only the last {rule.days_back} days can be",
            reason_zh=f"只能补最近 {rule.days_back} 天" if rule.days_back else "没有开放补签",
        )  # fmt: skip
    month = clock.day_starts(today.replace(day=1), merchant.zone, merchant.day_start_minutes)
    if await check_ins.made_up_in(tx, member_id, month) >= rule.per_month:
        raise NothingToMakeUp(
            field="day", day=day.isoformat(), reason=f"at most {rule.per_month} a month",
            reason_zh=f"每月最多补签 {rule.per_month} 次",
        )  # fmt: skip
    await _pay(tx, member_id, day, rule, at)
    [written] = await _write(tx, [_try(member_id, at, day, "made_up", version, run)], at, tell=False)
    return written


async def _pay(tx: Tx, member_id: int, day: date, rule: policy.MakeUp, at: datetime) -> None:
    """One card, or the price in points when there is none."""
    cards = (await points.balance(tx, member_id, at, rewards.CARDS)).available
    if cards == 0 and rule.price_points is None:
        raise NoCard(price="", price_zh="")
    wallet, amount = (rewards.CARDS, 1) if cards else (points.POINTS, rule.price_points or 0)
    why = {"kind": "check_in_made_up", "day": day.isoformat()}
    key = f"check_in:{member_id}:{day}:paid"
    posting = points.Posting(member_id=member_id, points=-amount, type="redeem", key=key, why=why, occurred_at=at)
    [paid] = await points.post(tx, [posting], wallet)
    if paid.state == "refused":
        price = f" and fewer than {rule.price_points} points"
        raise NoCard(price=price, price_zh=f"，积分也不足 {rule.price_points}")


def _explained(why: dict[str, Any]) -> Sentence:
    day = date.fromisoformat(why["day"])
    zh, en = f"{day.month}月{day.day}日", day.isoformat()
    if why.get("special"):
        return Sentence(f"{zh}签到，{why['special']}礼", f"Check-in on {en}: {why['special']}")
    if why.get("milestone"):
        return Sentence(
            f"{zh}签到，连续满 {why['milestone']} 天", f"Check-in on {en}, {why['milestone']} days in a row"
        )
    if why.get("how") == "made_up":
        return Sentence(f"补签 {zh}", f"Check-in of {en}, made up")
    return Sentence(f"{zh}签到，连续第 {why['streak']} 天", f"Check-in on {en}, day {why['streak']} in a row")


def _paid(why: dict[str, Any]) -> Sentence:
    day = date.fromisoformat(why["day"])
    return Sentence(f"补签 {day.month}月{day.day}日", f"Made up the check-in of {day.isoformat()}")


points.explained_by({"check_in": _explained, "check_in_made_up": _paid})
