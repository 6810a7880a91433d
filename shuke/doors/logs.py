"""Structured logs: one JSON object a line, with request and merchant, without phones or secrets."""

from __future__ import annotations

import logging
import re
import sys
from contextvars import ContextVar
from typing import Any

import structlog

# The ASGI scope of the request being answered, so that a line logged deep inside knows where it belongs.
current_request: ContextVar[Any | None] = ContextVar("shuke_current_request", default=None)

_PERSONAL = re.compile(r"(?<![\d.])1[3-9]\d{9}(?!\d)|\bsk_[\w-]{6,}|[\w.+-]+@[\w-]+\.[\w.]+")
_SECRET_NAMES = {"password", "secret", "token", "authorization", "cookie", "csrf_token", "phone"}


def belonging(_: Any, __: str, line: dict[str, Any]) -> dict[str, Any]:
    """Add the request's id and its merchant."""
    scope = current_request.get()
    if scope is not None:
        line.setdefault("request_id", scope["shuke.request_id"])
        caller = scope.get("shuke.caller")
        if caller is not None:
            line.setdefault("merchant_id", caller.merchant_id)
    return line


def discreet(_: Any, __: str, line: dict[str, Any]) -> dict[str, Any]:
    """Blot out phone numbers, e-mail addresses, keys and whatever is named like a secret, also inside traces."""
    return {name: "[…]" if name in _SECRET_NAMES else _blotted(value) for name, value in line.items()}


def _blotted(value: Any) -> Any:
    if isinstance(value, str):
        return _PERSONAL.sub("[…]", value)
    if isinstance(value, dict):
        return {name: "[…]" if name in _SECRET_NAMES else _blotted(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_blotted(part) for part in value]
    return value


def configure(level: str = "info") -> None:
    """Send our lines, and those of libraries, to standard error as JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars, belonging, structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.format_exc_info, discreet,
    ]  # fmt: skip
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    foreign: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        discreet,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=foreign))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
