"""Decides: which states a journey may move between, how its steps are told, and when a member counts as come back."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from shuke.kit import errors
from shuke.kit.kinds import Sentence

RETURN_WITHIN = timedelta(days=7)
SETTLED_AFTER = timedelta(minutes=20)  # a merge has reached every segment: they are refreshed every quarter of an hour
ENTER_AT_ONCE = 5_000
ACT_AT_ONCE = 1_000  # their accounts are locked meanwhile, and an order of one of them waits for so long
WORK = "journeys"
MOST_STEPS = 20
MOST_DAYS = 3_650
MOVES = {
    "launch": ({"draft"}, "live"),
    "pause": ({"live"}, "paused"),
    "resume": ({"paused"}, "live"),
    "end": ({"draft", "live", "paused"}, "ended"),
}
STATES = {"draft": "草稿", "live": "进行中", "paused": "已暂停", "ended": "已结束"}


class WrongState(errors.Refused):
    """The journey is {state}; it cannot {move} now."""

    code = "wrong_state"
    zh = "这个自动化{state_zh}，现在不能这样操作。"
    cure = "Reload the page to see where it stands."
    cure_zh = "请刷新页面查看最新状态。"


class AlreadyLaunched(errors.Refused):
    """A journey that was launched keeps its segment, its steps and how often a member may take part."""

    code = "already_launched"
    zh = "启动过的自动化不能再改分群、步骤和参加次数。"
    cure = "Make a new journey with the changed steps, and end this one."
    cure_zh = "请另建一个自动化，再结束这一个。"


class BadAgain(errors.Refused):
    """How often a member may take part is once, on every entry (0), or again after up to {most} days."""

    code = "bad_again"
    http_status = 422
    zh = "再次参加的间隔可以是每次进入都参加（0），或 1 到 {most} 天；不填就是只参加一次。"
    cure = "Choose a number of days, 0 for every entry, or nothing for once."
    cure_zh = "请填天数；每次都参加填 0，只参加一次不填。"


class NoSteps(errors.Refused):
    """A journey needs between one and {most} steps."""

    code = "no_steps"
    http_status = 422
    zh = "自动化要有 1 到 {most} 个步骤。"
    cure = "Add a step, or remove some."
    cure_zh = "请添加或删除步骤。"


class StepPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step as it is kept: its kind and its parameters."""

    kind: str
    params: dict[str, Any]


def moved(state: str, move: str) -> str:
    """The state after a move; refuses a move that the state does not allow."""
    allowed, following = MOVES[move]
    if state not in allowed:
        raise WrongState(state=state, state_zh=STATES[state], move=move)
    return following


def counted(steps: Sequence[Any]) -> None:
    """Refuse a journey without steps, or with too many."""
    if not 1 <= len(steps) <= MOST_STEPS:
        raise NoSteps(field="steps", most=MOST_STEPS)


def checked_again(days: int | None) -> None:
    """Refuse `BadAgain` for a number of days that is none."""
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise BadAgain(field="again_days", most=MOST_DAYS)


def again_words(days: int | None) -> Sentence:
    """How often a member may take part, as an operator would say it."""
    if days is None:
        return Sentence("每位会员只参加一次", "each member takes part once")
    if days == 0:
        return Sentence("每次进入都参加", "members take part each time they enter")
    return Sentence(f"每位会员 {days} 天内最多参加一次", f"each member takes part at most once in {days} days")


def may_follow(before: date, after: date, days: int | None) -> bool:
    """Whether somebody who began on one date may begin anew on the other: that many dates lie between (half-open)."""
    return days is not None and after >= before + timedelta(days=days)


def key_of(member_id: int, turn: int, keyed_as: str | None = None) -> str:
    """What the effects of a passage are keyed by: a member's first one by the number alone."""
    return keyed_as or (str(member_id) if turn == 1 else f"{member_id}:{turn}")


def taken_off() -> dict[str, Any]:
    """The detail of a member whom another system took off the journey."""
    why = Sentence("由外部系统请出", "was taken off by another system")
    return {"code": "taken_off", "why": msgspec.to_builtins(why)}


def left(segment: str) -> dict[str, Any]:
    """The detail of a member who was out of the segment before an action."""
    why = Sentence("已经不在分群里了", "is no longer in the segment")
    return {"code": "left_segment", "segment": segment, "why": msgspec.to_builtins(why)}
