"""The outermost layer of every request: its id, its size, its clock, its headers, its line in the log."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from shuke.doors import metrics
from shuke.doors.logs import current_request
from shuke.kit import clock, errors, http

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = structlog.get_logger("http")
MOST_BYTES = 8 << 20
UPLOAD_BYTES = 4 << 30
_DRAIN_BYTES = 64 << 20
_UPLOADS = ("/console/api/imports",)
_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
SLOW_SECONDS = 1.0
# What is not below these is a page or a file of the console.
_ROUTES = ("/console/api", "/v1", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"DENY"), (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]  # fmt: skip
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")


def headers(secure: bool) -> list[tuple[bytes, bytes]]:
    """What every answer carries."""
    return [*_HEADERS, _HTTPS_ONLY] if secure else _HEADERS


class Frame:
    """Wraps the application `app` and the console's files `site`.

    `hot` maps paths to raw ASGI applications that answer POST without the framework.
    """

    def __init__(self, app: Any, site: Any, hot: Mapping[str, Any], secure: bool) -> None:
        self._app = app
        self._site = site
        self._hot = hot
        self._headers = headers(secure)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = clock.monotonic()
        declared, request_id, accepted = _read_headers(scope["headers"])
        scope["shuke.request_id"] = request_id.decode()
        token = current_request.set(scope)
        status = 500

        async def answer(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id), *self._headers]
            await send(message)

        english = scope["path"].startswith("/v1") and http.prefers_english(accepted)
        reply = _in_english(answer) if english else answer
        hot = self._hot.get(scope["path"]) if scope["method"] == "POST" else None
        most = UPLOAD_BYTES if scope["path"].startswith(_UPLOADS) else MOST_BYTES
        try:
            if declared > most:
                await _too_large(receive, reply, most)
            elif hot is not None:
                await hot(scope, receive, reply)
            elif scope["method"] in ("GET", "HEAD") and not scope["path"].startswith(_ROUTES):
                await self._site(scope, receive, reply)
            else:
                await self._app(scope, receive if declared >= 0 else _counted(receive, most), reply)
        finally:
            _note(scope, status, clock.monotonic() - started, hot is not None)
            current_request.reset(token)


def _in_english(send: Any) -> Callable[[Any], Any]:
    """Send JSON with its refusals in English; anything else as it is."""
    held: Any = None
    parts: list[bytes] = []

    async def sending(message: Any) -> None:
        nonlocal held
        if message["type"] == "http.response.start" and (b"content-type", b"application/json") in message["headers"]:
            held = message
        elif held is None or message["type"] != "http.response.body":
            await send(message)
        else:
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                body = http.in_english(b"".join(parts))
                others = [pair for pair in held["headers"] if pair[0] != b"content-length"]
                await send(held | {"headers": [*others, (b"content-length", str(len(body)).encode())]})
                await send(message | {"body": body})

    return sending


def _read_headers(headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes, str]:
    """The declared length of the body (0 without one, -1 when it comes in chunks), the request's id, and its languages."""
    length, request_id, accepted = 0, b"", ""
    for name, value in headers:
        if name == b"content-length":
            length = int(value) if value.isdigit() else 0
        elif name == b"transfer-encoding":
            length = -1
        elif name == b"accept-language":
            accepted = value.decode("latin-1")
        elif name == b"x-request-id" and _ID.fullmatch(value):
            request_id = value
    return length, request_id or os.urandom(8).hex().encode(), accepted


def _counted(receive: Any, most: int) -> Callable[[], Any]:
    """Receive a body of unknown length, refusing it when it grows too large."""
    size = 0

    async def counting() -> Any:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise errors.TooLarge(limit_mb=most >> 20)
        return message

    return counting


async def _too_large(receive: Any, send: Any, most: int) -> None:
    """Read what is being sent, so that the client gets to read the answer, then refuse it."""
    size = 0
    while size < _DRAIN_BYTES:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    refusal = errors.TooLarge(limit_mb=most >> 20)
    body = msgspec.json.encode(refusal.body())
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.http_status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _note(scope: Any, status: int, took: float, hot: bool) -> None:
    """Count the request; log it, but of the hot routes only what failed or was slow."""
    method = scope["method"]
    template = scope["path"] if hot else scope.get("path_template") or "(page)"
    metrics.observe(method, template, status, took)
    if hot and status < 400 and took < SLOW_SECONDS:
        return
    if template in ("/healthz", "/readyz", "/metrics", "(page)") and status < 400:
        return
    log.info("request", method=method, route=template, status=status, ms=round(took * 1000, 1))
