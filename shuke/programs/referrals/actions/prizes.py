"""The verb that closes boards: the prizes of weeks and months that are over, once each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from shuke.assets import rewards
from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs.referrals import models
from shuke.programs.referrals.policy import plan as plan_policy
from shuke.programs.referrals.policy import relation as policy
from shuke.programs.referrals.policy.plan import Prize
from shuke.programs.referrals.queries import boards, plans

PERIODS = ("week", "month")


async def close_boards(tx: Tx, at: datetime) -> int:
    """Give the prizes of every week and month that is over and was not closed yet; how many boards were closed.

    The plan in force when the period ended decides. The board is written in the same transaction as its prizes, under a key
    of its own: at whatever time and however often this runs, a board gives once.
    """
    versions = await plans.versions(tx)
    if not versions:
        return 0
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    began = clock.business_date(versions[-1].published_at, merchant.zone, merchant.day_start_minutes)
    closed = 0
    for period in PERIODS:
        known = await boards.closed_boards(tx, period)
        for start in policy.ended_periods(period, began, today):
            ends = clock.day_starts(policy.next_period(period, start), merchant.zone, merchant.day_start_minutes)
            held = plan_policy.in_force(versions, ends - timedelta(microseconds=1))
            prizes = [one for one in held.plan.prizes if one.period == period] if held and held.state == "live" else []
            if start not in known and prizes:
                closed += await _close(tx, period, start, prizes, at)
    return closed


async def _close(tx: Tx, period: str, start: date, prizes: Sequence[Prize], at: datetime) -> int:
    by_place = {one.place: one for one in prizes}
    lines = await boards.counted(tx, period, start, max(by_place))  # type: ignore[arg-type]
    row = {"period": period, "starts_on": start, "winners": [], "closed_at": at}
    if not await tx.insert(models.ReferralBoard, [row], conflict="ignore"):
        return 0
    gifts = [
        rewards.Gift(
            member_id=member_id, reward=reward, key=f"referral_prize:{period}:{start}:{place}:{index}", at=at,
            why={"kind": "referral_prize", "period": period, "starts_on": start.isoformat(), "place": place},
        )
        for place, member_id, _ in lines
        if place in by_place
        for index, reward in enumerate(by_place[place].rewards)
    ]  # fmt: skip
    given = await rewards.give(tx, gifts)
    won: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for gift, what in zip(gifts, given, strict=True):
        words = msgspec.to_builtins(rewards.sentence([gift.reward]))
        won[gift.member_id].append({"state": what.state, "kind": what.kind, "words": words})
    winners = [
        {"place": place, "member_id": member_id, "friends": friends, "won": won[member_id]}
        for place, member_id, friends in lines
    ]
    await tx.run(
        "update referral_board set winners = %(winners)s::jsonb where merchant_id = %(merchant_id)s "
        "and period = %(period)s and starts_on = %(start)s",
        winners=msgspec.json.encode(winners).decode(), period=period, start=start,
    )  # fmt: skip
    return 1


async def next_close(tx: Tx, at: datetime) -> datetime | None:
    """When the next board with prizes is over; None without prizes."""
    held = plan_policy.in_force(await plans.versions(tx), at)
    if held is None or held.state != "live":
        return None
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    ends = [
        policy.next_period(period, policy.period_start(period, today))
        for period in {one.period for one in held.plan.prizes}
    ]
    return min((clock.day_starts(day, merchant.zone, merchant.day_start_minutes) for day in ends), default=None)
