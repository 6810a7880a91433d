"""Large adjustments wait for a second person: asked for, approved or refused, never by the one who asked."""

from shuke.assets.approvals.actions import AlreadyDecided, NoSuchRequest, OwnRequest, approve, ask, refuse, set_limit
from shuke.assets.approvals.queries import RequestShape, count_waiting, limit_of, requests

__all__ = [
    "AlreadyDecided", "NoSuchRequest", "OwnRequest", "RequestShape", "approve", "ask", "count_waiting", "limit_of", "refuse",
    "requests", "set_limit",
]  # fmt: skip
