"""One message, or many, to members through a channel: rendered, allowed, kept."""

from shuke.ground.messaging.actions import Draft, Verdict, send
from shuke.ground.messaging.channels import Look, channels
from shuke.ground.messaging.events import MessagesSent
from shuke.ground.messaging.policy import (
    AUTO,
    PLACEHOLDERS,
    Content,
    UnknownPlaceholder,
    check,
    placeholders,
    reason,
)
from shuke.ground.messaging.queries import Logged, log

__all__ = [
    "AUTO",
    "PLACEHOLDERS",
    "Content",
    "Draft",
    "Logged",
    "Look",
    "MessagesSent",
    "UnknownPlaceholder",
    "Verdict",
    "channels",
    "check",
    "log",
    "placeholders",
    "reason",
    "send",
]
