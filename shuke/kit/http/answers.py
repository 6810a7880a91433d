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
    wait = error.facts.get("retry_after_seconds")
    headers = None if wait is None else {"Retry-After": str(wait)}
    return Response(error.body(), status_code=error.http_status, headers=headers)


def unavailable_body() -> dict[str, Any]:
    """The documented body of a 503."""
    return {
        "code": "unavailable", "message": "系统暂时无法处理，请稍后重试。", "message_en": "Temporarily unavailable.",
        "cure": "稍等片刻再试，同样的请求可以放心重发。",
        "cure_en": "Send the same request again in a moment; it is safe to repeat.",
    }  # fmt: skip


def unexpected_body() -> dict[str, Any]:
    """The documented body of a 500."""
    return {
        "code": "unexpected", "message": "系统出错了，已记录。",
        "message_en": "Something went wrong on our side; it is logged.",
        "cure": "请稍后再试；若一直如此，请把时间告诉管理员。",
        "cure_en": "Try again; if it persists, tell the administrator the time.",
    }  # fmt: skip


def unavailable(_: Request, error: errors.Unavailable) -> Response[dict[str, Any]]:
    """Something we need does not answer: 503, and when to come back."""
    return Response(unavailable_body(), status_code=503, headers={"Retry-After": str(error.retry_after_seconds)})


_NAMED = re.compile(r"(?:required|unknown) field `(?P<name>[^`]*)`")
_CHINESE = (
    (re.compile(r"^Object missing required field `(.*)`$"), r"缺少字段「\1」"),
    (re.compile(r"^Object contains unknown field `(.*)`$"), r"有不认识的字段「\1」"),
    (re.compile(r"^Expected `(.*)`, got `(.*)`$"), r"应为 \1，收到的是 \2"),
    (re.compile(r"^Expected `int` >= (-?\d+)$"), r"应为不小于 \1 的整数"),
    (re.compile(r"^Expected `int` <= (-?\d+)$"), r"应为不大于 \1 的整数"),
    (re.compile(r"^Expected `(\w+)` of length >= (\d+)$"), r"长度至少为 \2"),
    (re.compile(r"^Expected `(\w+)` of length <= (\d+)$"), r"长度最多为 \2"),
    (re.compile(r"^Expected `str` matching regex .*$"), "格式不符合要求"),
    (re.compile(r"^Expected `datetime` with a timezone component$"), "时间要带时区，例如 2026-11-21T10:00:00+08:00"),
    (re.compile(r"^Invalid RFC3339 encoded datetime$"), "时间格式应为 2026-11-21T10:00:00+08:00"),
    (re.compile(r"^JSON is malformed: .*$|^Input data was truncated$"), "不是合法的 JSON"),
    (re.compile(r"^Invalid UTF-8 .*$|^.*invalid utf-8.*$"), "文字不是 UTF-8 编码"),
)


def malformed(reason: str) -> errors.Malformed:
    """A decoder's complaint as a refusal that names the field, in both languages."""
    place, named = _PLACE.search(reason), _NAMED.search(reason)
    path = [part for part in (place["path"] if place else "", named["name"] if named else "") if part]
    plain = _PLACE.sub("", reason)
    chinese = next((pattern.sub(words, plain) for pattern, words in _CHINESE if pattern.match(plain)), plain)
    return errors.Malformed(reason=plain, reason_zh=chinese, field=".".join(path) or None)


def invalid(_: Request, error: ValidationException) -> Response[dict[str, Any]]:
    """A body or parameter that does not fit its shape."""
    details = error.extra if isinstance(error.extra, list) else []
    first = details[0] if details else {}
    reason = str(first.get("message", error.detail))
    if reason == "'data'":  # how the framework says that there is no body at all
        reason = "Input data was truncated"
    refusal = malformed(reason)
    if refusal.field is None and first.get("key", "data") != "data":
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
    return Response(unexpected_body(), status_code=500)


exception_handlers: dict[Any, Any] = {
    errors.Refused: refused,
    errors.Unavailable: unavailable,
    ValidationException: invalid,
    HTTPException: http_error,
    Exception: unexpected,
}
