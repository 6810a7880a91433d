"""The duration grammar: `unlimited`, `30s 5D 7W 10M 2Q 15Y`, with `_D` or `_U` to round to days or ends of periods."""

import calendar
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from shuke.kit import clock, errors

_PATTERN = re.compile(r"(?P<count>\d{1,6})(?P<unit>[smhDWMQY])(?P<rounding>_[DU])?")
_FIXED = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_MONTHS = {"M": 1, "Q": 3, "Y": 12}


class BadDuration(errors.Refused):
    """ "{text}" is not a duration."""

    code = "bad_duration"
    http_status = 422
    zh = "「{text}」不是有效的期限。"
    cure = "Write unlimited, or a number and a unit: 30s 5D 7W 10M 2Q 1Y; add _U for the end of that period (1Y_U)."
    cure_zh = "请写 unlimited，或数字加单位：30s 5D 7W 10M 2Q 1Y;加 _U 表示到该周期末（1Y_U 即次年年底）。"


@lru_cache(maxsize=512)
def parse(text: str) -> tuple[int, str, str] | None:
    """Count, unit and rounding of a duration; None for unlimited. Refuses what it cannot read."""
    if text == "unlimited":
        return None
    found = _PATTERN.fullmatch(text)
    if found is None:
        raise BadDuration(text=text)
    return int(found["count"]), found["unit"], (found["rounding"] or "")[1:]


def end(text: str, start: datetime, zone: str) -> datetime | None:
    """When a duration that begins at `start` ends, in UTC; None when never. Days and longer follow the zone's calendar.

    A month or year later keeps the day of the month, or takes the last one (31 January + 1M = 28 or 29 February).
    `_D` goes down to the start of the day; `_U` up to the end of the day (D, W), month, quarter or year.
    """
    parsed = parse(text)
    if parsed is None:
        return None
    count, unit, rounding = parsed
    if unit == "Y" and rounding == "U":
        return _year_end(start.astimezone(clock.zone(zone)).year + count, zone)
    if unit in _FIXED:
        local = (start + count * _FIXED[unit]).astimezone(clock.zone(zone))
    else:
        local = _later(start.astimezone(clock.zone(zone)), count, unit)
    return _rounded(local, unit, rounding).astimezone(UTC)


@lru_cache(maxsize=256)
def _year_end(year: int, zone: str) -> datetime:
    return datetime(year + 1, 1, 1, tzinfo=clock.zone(zone)).astimezone(UTC)


def _later(local: datetime, count: int, unit: str) -> datetime:
    if unit in _MONTHS:
        return _plus_months(local, count * _MONTHS[unit])
    return local + timedelta(days=count * (7 if unit == "W" else 1))


def _plus_months(local: datetime, months: int) -> datetime:
    index = local.year * 12 + local.month - 1 + months
    year, month = divmod(index, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)


def _rounded(local: datetime, unit: str, rounding: str) -> datetime:
    if not rounding:
        return local
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if rounding == "D":
        return midnight
    if unit not in _MONTHS:
        return midnight + timedelta(days=1)
    span = _MONTHS[unit]
    first = midnight.replace(day=1, month=(midnight.month - 1) // span * span + 1)
    return _plus_months(first, span)
