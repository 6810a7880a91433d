"""The short way of a single item: from uvicorn's parser straight to the collector, without a task and an ASGI exchange.

Anything out of the ordinary (a list, a key not seen lately, a body that cannot be read, a request in pieces) goes the
long way, through `Frame` and `Intake`; so each refusal has one place. docs/decisions/0021 has what this saves.
"""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shuke.doors import frame, metrics
from shuke.kit import clock, errors, http
from shuke.programs.intake.open_api import JSON

if TYPE_CHECKING:
    import asyncio

    from shuke.programs.intake import Answer
    from shuke.programs.intake.open_api import Intake

log = structlog.get_logger("http")
_PLAIN = frozenset(
    (
        b"host", b"authorization", b"content-type", b"content-length", b"user-agent", b"accept", b"accept-encoding",
        b"accept-language", b"connection",
    )
)  # fmt: skip
_PROCESS = os.urandom(4).hex()
_turns = itertools.count()


class _Call:
    """One request on the short way, from its first byte to its answer; to uvicorn it is a cycle like any other."""

    __slots__ = (
        "body", "disconnected", "english", "keep_alive", "merchant_id", "message_event", "request_id", "response_complete",
        "route", "started",
    )  # fmt: skip

    def __init__(self, route: str) -> None:
        self.route = route
        self.body = b""
        self.started = clock.monotonic()
        self.request_id = f"{_PROCESS}{next(_turns) & 0xFFFFFFFF:08x}"
        self.merchant_id = 0
        self.english = False
        self.keep_alive = True
        self.disconnected = self.response_complete = False
        self.message_event = self  # whoever wakes a waiting reader wakes nobody here

    def set(self) -> None:
        """Nobody waits for more of the body."""


def protocol(intake: Intake, secure: bool) -> type[HttpToolsProtocol]:
    """uvicorn's protocol with the short way to `intake`; `secure` as in `Frame`."""
    routes = {path.encode(): path for path in intake.paths}
    tail = b"".join(b"%s: %s\r\n" % pair for pair in (JSON, *frame.headers(secure)))

    class Protocol(HttpToolsProtocol):
        """One connection."""

        def on_headers_complete(self) -> None:
            """Take the short way where nothing speaks against it."""
            route = routes.get(self.url)
            before: Any = self.cycle
            if route is None or (before is not None and not before.response_complete) or not _is_plain(self):
                super().on_headers_complete()
            else:
                self.cycle = _Call(route)  # type: ignore[assignment]

        def on_message_complete(self) -> None:
            """The body is whole: begin."""
            call: Any = self.cycle
            if type(call) is not _Call or call.response_complete:
                super().on_message_complete()
                return
            begun = intake.begin(call.route, self.headers, call.body)
            if begun is None:
                self._go_the_long_way(call.body)
                return
            call.merchant_id, future = begun
            call.english = _reads_english(self.headers)
            future.add_done_callback(lambda done: self._answer(call, done))

        def _go_the_long_way(self, body: bytes) -> None:
            self.cycle = None  # type: ignore[assignment]
            super().on_headers_complete()
            super().on_body(body)
            super().on_message_complete()

        def _answer(self, call: _Call, done: asyncio.Future[Answer]) -> None:
            status, body, extra = _said(call, done)
            body = http.in_english(body) if call.english and status >= 400 else body
            took = clock.monotonic() - call.started
            metrics.observe("POST", call.route, status, took)
            if status >= 400 or took >= frame.SLOW_SECONDS:
                log.info(
                    "request", method="POST", route=call.route, status=status, ms=round(took * 1000, 1),
                    request_id=call.request_id, merchant_id=call.merchant_id,
                )  # fmt: skip
            call.response_complete = True
            if call.disconnected or self.transport.is_closing():
                return
            dated = b"".join(b"%s: %s\r\n" % pair for pair in self.server_state.default_headers)
            ending = b"" if call.keep_alive else b"connection: close\r\n"
            self.transport.write(
                b"%s%sx-request-id: %s\r\ncontent-length: %d\r\n%s%s%s\r\n%s"
                % (STATUS_LINE[status], dated, call.request_id.encode(), len(body), tail, extra, ending, body)
            )
            if not call.keep_alive:
                self.transport.close()
            self.on_response_complete()

    return Protocol


def _reads_english(headers: list[tuple[bytes, bytes]]) -> bool:
    accepted = next((value for name, value in headers if name == b"accept-language"), b"")
    return bool(accepted) and http.prefers_english(accepted.decode("latin-1"))


def _is_plain(one: HttpToolsProtocol) -> bool:
    """A POST of known length, short enough that reading is never paused, with no header that asks for anything."""
    if one.parser.get_method() != b"POST" or not one.parser.should_keep_alive() or one.limit_concurrency is not None:
        return False
    length = b""
    for name, value in one.headers:
        if name not in _PLAIN:
            return False
        if name == b"content-length":
            length = value
    return length.isdigit() and len(length) < 6 and int(length) <= HIGH_WATER_LIMIT


def _said(call: _Call, done: asyncio.Future[Answer]) -> tuple[int, bytes, bytes]:
    """Status, body and further header lines of an answer."""
    error = done.exception()
    if error is None:
        answer = done.result()
        return answer.status, answer.body, b""
    if isinstance(error, errors.Unavailable):
        return 503, msgspec.json.encode(http.unavailable_body()), b"retry-after: %d\r\n" % error.retry_after_seconds
    log.error("unexpected", path=call.route, request_id=call.request_id, merchant_id=call.merchant_id, exc_info=error)
    return 500, msgspec.json.encode(http.unexpected_body()), b""
