"""Verbs: adjusting points by hand, asking for large adjustments, and deciding about them."""

from shuke.assets.approvals.actions.adjusting import (
    AdjustedDifferently, Adjustment, NotEnoughToTake, NothingToAdjust, ReasonMissing, adjust, check_adjustment,
)  # fmt: skip
from shuke.assets.approvals.actions.asking import (
    AlreadyDecided,
    NoSuchRequest,
    OwnRequest,
    approve,
    ask,
    refuse,
    set_limit,
)

__all__ = [
    "AdjustedDifferently", "Adjustment", "AlreadyDecided", "NoSuchRequest", "NotEnoughToTake", "NothingToAdjust", "OwnRequest",
    "ReasonMissing", "adjust", "approve", "ask", "check_adjustment", "refuse", "set_limit",
]  # fmt: skip
