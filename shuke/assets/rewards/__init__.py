"""Give this to that member: the closed list of things that can be given, one kind a file."""

from shuke.assets.rewards.actions import Gift, NothingToCollect, check, collect, give, take_back
from shuke.assets.rewards.effects import (
    CARDS,
    BadDraw,
    Given,
    Reward,
    Rewards,
    SomeRewards,
    Taken,
    kinds,
    of_points,
    sentence,
)
from shuke.assets.rewards.queries import Decided, Won, drawn, gone, won_under
from shuke.assets.rewards.queries import of_member as won_by

__all__ = [
    "CARDS", "BadDraw", "Decided", "Gift", "Given", "NothingToCollect", "Reward", "Rewards", "SomeRewards", "Taken", "Won",
    "check", "collect", "drawn", "give", "gone", "kinds", "of_points", "sentence", "take_back", "won_by", "won_under",
]  # fmt: skip
