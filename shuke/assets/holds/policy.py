"""How long points may be set aside: long enough to pay, short enough that nobody loses them to a forgotten cart."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuke.kit import errors

USUAL = timedelta(minutes=15)
"""What a hold lasts when nobody says how long: the time in which a payment is usually made."""
SHORTEST = timedelta(seconds=30)
LONGEST = timedelta(days=7)
LONGEST_NOTE = 100


class BadTimeLimit(errors.Refused):
    """A hold lasts from {shortest} seconds to {longest} seconds."""

    code = "hold_time"
    http_status = 422
    zh = "冻结时长在 {shortest} 到 {longest} 秒之间。"
    cure = "Leave `seconds` out for 15 minutes."
    cure_zh = "不填 seconds 就是 15 分钟。"


def until(at: datetime, seconds: int | None) -> datetime:
    """When a hold made at `at` ends by itself; refuses `BadTimeLimit`."""
    lasts = USUAL if seconds is None else timedelta(seconds=seconds)
    if not SHORTEST <= lasts <= LONGEST:
        told = {"shortest": int(SHORTEST.total_seconds()), "longest": int(LONGEST.total_seconds())}
        raise BadTimeLimit(field="seconds", **told)
    return at + lasts
