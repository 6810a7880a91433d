"""Cursor paging: opaque cursors over sort keys, never offsets."""

import base64
import binascii
from typing import Any

import msgspec

from shuke.kit import errors

MAX_LIMIT = 200


class BadCursor(errors.Refused):
    """This page marker is not one of ours."""

    code = "bad_cursor"
    http_status = 400
    zh = "翻页标记无效。"
    cure = "Start again without a cursor."
    cure_zh = "请从第一页重新开始。"


class Page(msgspec.Struct, frozen=True):
    """One page of a list; `next_cursor` is None on the last; `total` where it was asked for."""

    items: list[Any]
    next_cursor: str | None = None
    total: int | None = None


def encode(values: list[Any]) -> str:
    """A cursor from the sort key of the last row shown."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def decode(cursor: str | None, length: int) -> list[Any] | None:
    """The sort key in a cursor, or None for the first page; refuses what is not ours."""
    if not cursor:
        return None
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=list)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise BadCursor(field="cursor") from error
    if len(values) != length:
        raise BadCursor(field="cursor")
    return values


def limited(limit: int | None, default: int = 50) -> int:
    """A page size between 1 and 200."""
    return max(1, min(limit or default, MAX_LIMIT))


def page(rows: list[Any], limit: int, key: Any, total: int | None = None) -> Page:
    """A page from limit + 1 rows: the extra row only tells that there is more. `key(row)` is its sort key."""
    more = len(rows) > limit
    shown = rows[:limit]
    return Page(items=shown, next_cursor=encode(key(shown[-1])) if more and shown else None, total=total)
