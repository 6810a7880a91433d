"""Points set aside for a purchase under way, within limits of time, by another system or released by staff."""

from shuke.assets.holds.actions import HeldDifferently, NothingToHold, Wish, hold, release_by_hand
from shuke.assets.holds.policy import BadTimeLimit

__all__ = ["BadTimeLimit", "HeldDifferently", "NothingToHold", "Wish", "hold", "release_by_hand"]
