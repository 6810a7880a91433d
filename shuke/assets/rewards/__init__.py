"""Give this to that member: the closed list of things that can be given, one kind a file."""

from shuke.assets.rewards.actions import Gift, NothingToCollect, check, collect, give, take_back
from shuke.assets.rewards.effects import CARDS, BadDraw, Given, Reward, Taken, kinds, sentence
from shuke.assets.rewards.queries import Won
from shuke.assets.rewards.queries import of_member as won_by

__all__ = [
    "CARDS", "BadDraw", "Gift", "Given", "NothingToCollect", "Reward", "Taken", "Won", "check", "collect", "give", "kinds",
    "sentence", "take_back", "won_by",
]  # fmt: skip
