"""The HTTP frame: callers and permissions, and how refusals and outages become documented answers."""

from shuke.kit.http.answers import exception_handlers, malformed, unavailable_body, unexpected_body
from shuke.kit.http.callers import Caller, Forbidden, NotSignedIn, caller_of, requires
from shuke.kit.http.languages import in_english, prefers_english
from shuke.kit.http.operations import Operation, RefusalBody, declares

__all__ = [
    "Caller",
    "Forbidden",
    "NotSignedIn",
    "Operation",
    "RefusalBody",
    "caller_of",
    "declares",
    "exception_handlers",
    "in_english",
    "malformed",
    "prefers_english",
    "requires",
    "unavailable_body",
    "unexpected_body",
]
