"""Give this to that member: the closed list of things that can be given, one kind a file."""

from shuke.assets.rewards.actions import Gift, check, give, take_back
from shuke.assets.rewards.effects import CARDS, Given, Reward, Taken, kinds, sentence

__all__ = ["CARDS", "Gift", "Given", "Reward", "Taken", "check", "give", "kinds", "sentence", "take_back"]
