"""Decides what the merchant's plan of referrals may be: rewards of both sides, when they are given, caps and prizes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shuke.assets.rewards import Reward, Rewards, of_points, sentence
from shuke.kit import errors
from shuke.kit.kinds import Sentence

Period = Literal["week", "month"]
MOST_PRIZES = 20
LONGEST_LINK = 300


class BadReferralPlan(errors.Refused):
    """The plan of referrals is not right: {reason}"""

    code = "bad_referral_plan"
    http_status = 422
    zh = "推荐设置不对：{reason_zh}"
    cure = "Correct it and publish again."
    cure_zh = "请修改后再发布。"


class ReferralsClosed(errors.Refused):
    """Referrals are not open at present."""

    code = "referrals_closed"
    zh = "现在没有开放推荐有礼。"
    cure = "The shop can open it under Referrals → Plan."
    cure_zh = "商家可以在「推荐 → 设置」里打开。"


class Prize(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a place on the board of a week or a month gives when that period is over."""

    period: Period
    place: Annotated[int, Meta(ge=1, le=MOST_PRIZES)]
    rewards: Rewards


def _two_hundred() -> list[Reward]:
    return of_points(200)


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of it. Days and caps that are None know no limit.

    `gives` after_window: when `return_days` have passed since the friend's first order of `least_fen` or more; at_once:
    with the order, and refunds within those days take it back. `window_days` is how long a link opened on a device, and
    a new membership, wait for each other. `order_days`: how long the friend may take until the first order.
    `day_alarm`: more friends than that in one day wait for a person; so do shared devices, unless these are refused.
    """

    referrer_rewards: Rewards = msgspec.field(default_factory=_two_hundred)
    friend_rewards: Rewards = msgspec.field(default_factory=_two_hundred)
    gives: Literal["after_window", "at_once"] = "after_window"
    return_days: Annotated[int, Meta(ge=0, le=90)] = 7
    least_fen: Annotated[int, Meta(ge=1, le=100_000_000)] = 1
    window_days: Annotated[int, Meta(ge=1, le=365)] = 30
    order_days: Annotated[int, Meta(ge=1, le=730)] | None = 90
    month_cap: Annotated[int, Meta(ge=1, le=100_000)] | None = 20
    total_cap: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    same_device: Literal["review", "refuse"] = "review"
    day_alarm: Annotated[int, Meta(ge=1, le=10_000)] | None = 10
    prizes: Annotated[list[Prize], Meta(max_length=2 * MOST_PRIZES)] = []
    link: Annotated[str, Meta(max_length=LONGEST_LINK)] = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it was published. States: live, paused."""

    version: int
    state: str
    plan: Plan
    published_at: datetime
    published_by: str


def check_plan(plan: Plan) -> None:
    """Refuse a plan that gives nobody anything, a link without the code, and prizes that stand there twice or are empty."""
    places = [(prize.period, prize.place) for prize in plan.prizes]
    reason: tuple[str, str, str] | None = None
    if not plan.referrer_rewards and not plan.friend_rewards:
        reason = ("referrer_rewards", "it gives nobody anything", "两边都没有礼遇")
    elif plan.link and ("{code}" not in plan.link or not plan.link.startswith(("https://", "weixin://"))):
        reason = ("link", "the link begins with https:// and holds {code}", "链接要以 https:// 开头，并带上 {code}")
    elif len(set(places)) < len(places):
        reason = ("prizes", "a place stands there twice", "排行榜有重复的名次")
    elif any(not prize.rewards for prize in plan.prizes):
        reason = ("prizes", "a place gives nothing", "有的名次没有奖品")
    if reason is not None:
        raise BadReferralPlan(field=reason[0], reason=reason[1], reason_zh=reason[2])


def promised(plan: Plan) -> list[Reward]:
    """Everything the plan may give."""
    prizes = [reward for prize in plan.prizes for reward in prize.rewards]
    return [*plan.referrer_rewards, *plan.friend_rewards, *prizes]


def in_force(versions: Sequence[Version], at: datetime) -> Version | None:
    """The version published last before an instant, in whatever state."""
    held = [one for one in versions if one.published_at <= at]
    return max(held, key=lambda one: one.version, default=None)


def open_at(versions: Sequence[Version], at: datetime) -> Version:
    """The version that is open at an instant; refuses while there is none or it is paused."""
    found = in_force(versions, at)
    if found is None or found.state != "live":
        raise ReferralsClosed
    return found


def address(plan: Plan, code: str) -> str | None:
    """The member's link; None where the merchant has given no address yet."""
    return plan.link.replace("{code}", code) if plan.link else None


def told(plan: Plan) -> Sentence:
    """推荐好友，好友首单满 7 天未退后，推荐人得 200 积分，好友得 200 积分；每人每月最多 20 位。"""
    mine, theirs = sentence(plan.referrer_rewards), sentence(plan.friend_rewards)
    zh, en = [_when(plan).zh], [_when(plan).en]
    if plan.referrer_rewards:
        zh.append(f"推荐人得 {mine.zh}")
        en.append(f"the one who referred gets {mine.en}")
    if plan.friend_rewards:
        zh.append(f"好友得 {theirs.zh}")
        en.append(f"the friend gets {theirs.en}")
    first = Sentence("，".join(zh), ", ".join(en))
    more = [*_limits(plan), *_board(plan)]
    told_zh, told_en = [first.zh, *(one.zh for one in more)], [first.en, *(one.en for one in more)]
    return Sentence("；".join(told_zh) + "。", "; ".join(told_en) + ".")


def _when(plan: Plan) -> Sentence:
    zh = "首单" if plan.least_fen <= 1 else f"首笔满 ¥{plan.least_fen / 100:,.2f} 的订单"
    en = "first order" if plan.least_fen <= 1 else f"first order of ¥{plan.least_fen / 100:,.2f} or more"
    if plan.gives == "at_once":
        back_zh = f"（{plan.return_days} 天内退款会收回）" if plan.return_days else ""
        back_en = f" (taken back by a refund within {plan.return_days} days)" if plan.return_days else ""
        return Sentence(f"好友完成{zh}后立即发放{back_zh}", f"With the friend's {en}{back_en}")
    return Sentence(f"好友{zh}满 {plan.return_days} 天未退款后", f"{plan.return_days} days after the friend's {en}")


def _limits(plan: Plan) -> list[Sentence]:
    found = []
    if plan.order_days is not None:
        found.append(
            Sentence(
                f"好友要在 {plan.order_days} 天内下单", f"the friend has {plan.order_days} days for the first order"
            )
        )
    if plan.month_cap is not None:
        found.append(
            Sentence(
                f"每位推荐人每月最多 {plan.month_cap} 位好友有奖",
                f"at most {plan.month_cap} friends a month count for rewards",
            )
        )
    if plan.total_cap is not None:
        found.append(
            Sentence(
                f"累计最多 {plan.total_cap} 位好友有奖", f"at most {plan.total_cap} friends in all count for rewards"
            )
        )
    return found


def _board(plan: Plan) -> list[Sentence]:
    names = {"week": ("周榜", "week"), "month": ("月榜", "month")}
    found = []
    for period, (zh, en) in names.items():
        count = sum(1 for prize in plan.prizes if prize.period == period)
        if count:
            found.append(Sentence(f"{zh}前 {count} 名有奖", f"the first {count} of each {en} win a prize"))
    return found
