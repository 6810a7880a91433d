"""Exceptions as documented bodies: code, message and cure in both languages, field and row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException

from shuke.kit import errors

if TYPE_CHECKING:
    from litestar import Request

log = structlog.get_logger("http")
_PLACE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")


def refused(_: Request, error: errors.Refused) -> Response[dict[str, Any]]:
    """A refusal of the business."""
    return Response(error.body(), status_code=error.http_status)


def unavailable(_: Request, error: errors.Unavailable) -> Response[dict[str, Any]]:
    """Something we need does not answer: 503, and when to come back."""
    body = {
        "code": "unavailable", "message": "系统暂时无法处理,请稍后重试。", "message_en": "Temporarily unavailable.",
        "cure": "稍等片刻再试,同样的请求可以放心重发。", "cure_en": "Send the same request again in a moment; it is safe to repeat.",
    }  # fmt: skip
    return Response(body, status_code=503, headers={"Retry-After": str(error.retry_after_seconds)})


def malformed(reason: str) -> errors.Malformed:
    """A decoder's complaint as a refusal that names the field."""
    place = _PLACE.search(reason)
    field = place["path"] if place else None
    return errors.Malformed(reason=_PLACE.sub("", reason), field=field)


def invalid(_: Request, error: ValidationException) -> Response[dict[str, Any]]:
    """A body or parameter that does not fit its shape."""
    details = error.extra if isinstance(error.extra, list) else []
    first = details[0] if details else {}
    refusal = malformed(str(first.get("message", error.detail)))
    if refusal.field is None and first.get("key"):
        refusal.field = str(first["key"])
    return Response(refusal.body(), status_code=400)


def http_error(_: Request, error: HTTPException) -> Response[dict[str, Any]]:
    """What the framework itself refuses: unknown route, wrong method, too large a body."""
    if error.status_code == 404:
        refusal: errors.Refused = errors.NotFound(what="page", what_zh="地址")
    elif error.status_code == 413:
        refusal = errors.TooLarge(limit_mb=8)
    else:
        refusal = malformed(error.detail)
    return Response(refusal.body(), status_code=error.status_code, headers=error.headers)


def unexpected(request: Request, error: Exception) -> Response[dict[str, Any]]:
    """A fault of ours: logged with its trace, answered without details."""
    log.error("unexpected", path=request.url.path, exc_info=error)
    body = {
        "code": "unexpected", "message": "系统出错了,已记录。", "message_en": "Something went wrong on our side; it is logged.",
        "cure": "请稍后再试;若一直如此,请把时间告诉管理员。", "cure_en": "Try again; if it persists, tell the administrator the time.",
    }  # fmt: skip
    return Response(body, status_code=500)


exception_handlers: dict[Any, Any] = {
    errors.Refused: refused,
    errors.Unavailable: unavailable,
    ValidationException: invalid,
    HTTPException: http_error,
    Exception: unexpected,
}
