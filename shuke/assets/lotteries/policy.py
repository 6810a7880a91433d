"""When a lottery is open, and how its movements are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from shuke.assets import points
from shuke.kit.kinds import Sentence

CHANCES = "lottery_chances"
"""The wallet that turns are paid from."""
Stage = Literal["waiting", "open", "ended"]


def stage(state: str, starts_at: datetime | None, ends_at: datetime | None, at: datetime) -> Stage:
    """Whether turns can be taken at `at`: from the beginning until just before the end."""
    if state == "ended" or (ends_at is not None and ends_at <= at):
        return "ended"
    return "waiting" if starts_at is not None and at < starts_at else "open"


def turn_key(lottery_id: int, key: str) -> str:
    """The permanent key of one turn: of its spending and of its prize."""
    return f"lottery:{lottery_id}:{key}"


def _turned(why: dict[str, Any]) -> Sentence:
    return Sentence(f"抽奖「{why['lottery']}」", f"A turn in the lottery “{why['lottery']}”")


def _won(why: dict[str, Any]) -> Sentence:
    return Sentence(f"抽奖「{why['lottery']}」中奖", f"Won in the lottery “{why['lottery']}”")


def _returned(why: dict[str, Any]) -> Sentence:
    name, prize = why["lottery"], why["prize"]
    return Sentence(
        f"抽奖「{name}」抽中的「{prize}」发不出去，抽奖机会退回",
        f"“{prize}” of the lottery “{name}” could not be given: the chance is back",
    )


points.explained_by({"lottery": _turned, "lottery_prize": _won, "lottery_back": _returned})
