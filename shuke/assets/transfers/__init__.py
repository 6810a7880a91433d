"""Members pass points on to each other, within caps; every lot keeps its life."""

from shuke.assets.transfers.actions import Gift, Given, set_caps, transfer
from shuke.assets.transfers.policy import Caps, NotAGift, OverCap, ToOneself, WrongAmount
from shuke.assets.transfers.queries import TransferShape, caps, transfers

__all__ = [
    "Caps", "Gift", "Given", "NotAGift", "OverCap", "ToOneself", "TransferShape", "WrongAmount", "caps", "set_caps",
    "transfer", "transfers",
]  # fmt: skip
