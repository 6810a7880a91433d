"""The HTTP frame: callers and permissions, and how refusals and outages become documented answers."""

from shuke.kit.http.answers import exception_handlers, malformed, unavailable_body, unexpected_body
from shuke.kit.http.callers import Caller, Forbidden, NotSignedIn, caller_of, requires

__all__ = ["Caller", "Forbidden", "NotSignedIn", "caller_of", "exception_handlers", "malformed", "requires", "unavailable_body", "unexpected_body"]
