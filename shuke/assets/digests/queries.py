"""The digests made so far, and holding them against those that somebody kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.assets.digests import policy
from shuke.kit import errors, paging

if TYPE_CHECKING:
    from shuke.kit.db import Tx


class DigestShape(msgspec.Struct, frozen=True, kw_only=True):
    """A day's digest (64 hexadecimal digits) with what it vouches for; `points` is what the day's movements add up to."""

    day: date
    links: int
    entries: int
    points: int
    digest: str
    made_at: datetime


class Differs(msgspec.Struct, frozen=True, kw_only=True):
    """A day whose kept digest is not ours; `ours` is null where the day has none."""

    day: date
    kept: str
    ours: str | None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """How many kept digests were compared, and those that differ, the earliest first: what was changed is not younger."""

    compared: int
    differs: list[Differs]


class NothingToCompare(errors.Refused):
    """There is no line with a date and a digest."""

    code = "no_digests"
    http_status = 422
    zh = "没有读到“日期＋摘要”的行。"
    cure = "Give the file that was downloaded here, or lines like 2026-11-21,9f86d0… (64 digits)."
    cure_zh = "请用从这里下载的文件，或者每行写“2026-11-21,摘要（64 位）”。"


_LIST = """
select day, links, entries, points, encode(digest, 'hex') as digest, made_at from daily_digest
where merchant_id = %(merchant_id)s and (%(before)s::date is null or day < %(before)s) order by day desc limit %(limit)s
"""
_ALL = """
select day, links, entries, points, encode(digest, 'hex') as digest, made_at from daily_digest
where merchant_id = %(merchant_id)s order by day
"""


async def digests(tx: Tx, cursor: str | None = None, limit: int | None = None) -> paging.Page:
    """The digests, the latest day first."""
    size, before = paging.limited(limit), paging.decode(cursor, 1)
    rows = await tx.rows(_LIST, before=before[0] if before else None, limit=size + 1)
    return paging.page([DigestShape(**row._asdict()) for row in rows], size, lambda one: [one.day.isoformat()])


async def all_digests(tx: Tx) -> list[DigestShape]:
    """Every digest, the oldest first: for a file that is kept elsewhere."""
    return [DigestShape(**row._asdict()) for row in await tx.rows(_ALL)]


async def compare(tx: Tx, text: str) -> Compared:
    """Hold digests that were kept elsewhere against ours. Refuses a text without any.

    Ours are proved against the entries by the auditor; so whoever changed an old entry and made the chain and our digests
    fit again is found here, and whoever did not is found there.
    """
    kept = policy.kept(text)
    if not kept:
        raise NothingToCompare(field="text")
    ours: dict[date, Any] = {row.day: row.digest for row in await tx.rows(_ALL)}
    differs = [
        Differs(day=day, kept=digest, ours=ours.get(day))
        for day, digest in sorted(kept.items())
        if ours.get(day) != digest
    ]
    return Compared(compared=len(kept), differs=differs)
