"""Large adjustments wait for a second person: asked for, approved or refused, never by the one who asked."""

from shuke.assets.approvals.actions import (
    AdjustedDifferently, Adjustment, AlreadyDecided, NoSuchRequest, NothingToAdjust, OwnRequest, ReasonMissing,
    adjust, approve, ask, check_adjustment, refuse, set_limit,
)  # fmt: skip
from shuke.assets.approvals.queries import RequestShape, count_waiting, limit_of, requests

__all__ = [
    "AdjustedDifferently", "Adjustment", "AlreadyDecided", "NoSuchRequest", "NothingToAdjust", "OwnRequest",
    "ReasonMissing", "RequestShape", "adjust", "approve", "ask", "check_adjustment", "count_waiting", "limit_of",
    "refuse", "requests", "set_limit",
]  # fmt: skip
