"""Decides how a mission runs: its periods, its states, and what a claim and a decision may do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shuke.assets.rewards import Rewards
from shuke.kit import errors

Period = Literal["once", "daily", "weekly"]
Award = Literal["at_once", "on_claim", "after_review"]
ONCE = date.min
"""The period of a mission that is done once."""
DONE = ("accepted", "in_review")
_MOVES = {
    ("draft", "publish"): "live", ("live", "pause"): "paused", ("paused", "resume"): "live", ("live", "end"): "ended",
    ("paused", "end"): "ended",
}  # fmt: skip


class BadMission(errors.Refused):
    """The mission is not right: {reason}"""

    code = "bad_mission"
    http_status = 422
    zh = "这个任务不对：{reason_zh}"
    cure = "Correct it and save again."
    cure_zh = "请修改后再保存。"


class MissionFrozen(errors.Refused):
    """The mission is published; only its name and its end can change."""

    code = "mission_frozen"
    zh = "任务已经发布，只能改名称和结束时间。"
    cure = "End it and make a new one."
    cure_zh = "请结束它，另建一个新任务。"


class WrongMove(errors.Refused):
    """A mission that is {state} cannot do that ({move})."""

    code = "mission_wrong_move"
    zh = "任务现在是「{state_zh}」，不能这样操作。"
    cure = "Look at its state again."
    cure_zh = "请刷新看看它现在的状态。"


class MissionNotOpen(errors.Refused):
    """The mission is not open at present."""

    code = "mission_not_open"
    zh = "这个任务现在没有开放。"
    cure = "Choose one of the missions in the list."
    cure_zh = "请从任务列表里选。"


class NotDoneYet(errors.Refused):
    """The mission is not done yet: {missing}"""

    code = "mission_not_done"
    zh = "任务还没做完：{missing_zh}"
    cure = "Do what is missing, then claim again."
    cure_zh = "做完后再来领取。"


class ProofMissing(errors.Refused):
    """This mission needs a proof."""

    code = "proof_missing"
    http_status = 422
    zh = "这个任务要提交凭证。"
    cure = "Send a text or the address of a picture."
    cure_zh = "请填写说明或上传图片地址。"


class ReasonNeeded(errors.Refused):
    """A refusal needs a reason the member can read."""

    code = "review_reason_needed"
    http_status = 422
    zh = "驳回要写原因，会员能看到。"
    cure = "Write the reason."
    cure_zh = "请填写原因。"


STATES_ZH = {"draft": "草稿", "live": "进行中", "paused": "已暂停", "ended": "已结束"}


class StepPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step: its kind and that kind's parameters."""

    kind: str
    params: dict[str, Any]


class MissionPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done and what it gives: `award` at once, when the member claims it, or when a person accepts a proof."""

    steps: Annotated[list[StepPlan], Meta(max_length=10)] = []
    rewards: Rewards = []
    award: Award = "at_once"
    proof_hint: Annotated[str, Meta(max_length=200)] = ""


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """A mission as progress is judged by it."""

    mission_id: int
    name: str
    period: Period
    state: str
    plan: MissionPlan
    published_at: datetime | None
    ends_at: datetime | None

    def open_at(self, instant: datetime) -> bool:
        """Whether what happens at that instant counts."""
        begun = self.published_at is not None and self.published_at <= instant
        return self.state == "live" and begun and (self.ends_at is None or instant < self.ends_at)


def check_plan(name: str, plan: MissionPlan) -> None:
    """Refuse a mission without a name, without a reward, or with nothing to do and nobody to look at it."""
    reason: tuple[str, str, str] | None = None
    if not 1 <= len(name.strip()) <= 30:
        reason = ("name", "a name has 1 to 30 characters", "名称 1 到 30 个字")
    elif not plan.rewards:
        reason = ("rewards", "it gives nothing", "还没有选做完送什么")
    elif not plan.steps and plan.award != "after_review":
        reason = ("steps", "there is nothing to do", "还没有要做的事")
    if reason is not None:
        raise BadMission(field=reason[0], reason=reason[1], reason_zh=reason[2])


def moved(state: str, move: str) -> str:
    """The state after a move; refuses what the state does not allow."""
    found = _MOVES.get((state, move))
    if found is None:
        raise WrongMove(state=state, state_zh=STATES_ZH[state], move=move)
    return found


def starts_on(period: Period, day: date) -> date:
    """The first day of the period that a business date belongs to; weeks begin on Monday."""
    if period == "once":
        return ONCE
    return day if period == "daily" else day - timedelta(days=day.weekday())


def complete(counts: Sequence[int], needed: Sequence[int]) -> bool:
    """Whether every step is done."""
    return all(count >= wanted for count, wanted in zip(counts, needed, strict=True))


def after_steps(plan: MissionPlan, counts: Sequence[int], needed: Sequence[int]) -> str:
    """The state when steps were counted: open, complete (waits to be claimed) or accepted (rewarded at once)."""
    if not complete(counts, needed):
        return "open"
    return "accepted" if plan.award == "at_once" else "complete"
