"""Questions about who belongs: from bitmaps in chunks, never by counting rows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pyroaring import BitMap

from shuke.insight.segments.queries.catalog import NoSuchSegment
from shuke.kit.db import Tx

CHUNK = 65_536
HELD_BYTES = 256 << 20
_held: OrderedDict[tuple[int | None, int], tuple[int, BitMap, int]] = (
    OrderedDict()
)  # with the mark they stand for, and bytes


class Belonging(msgspec.Struct, frozen=True):
    """One segment a member is in."""

    slug: str
    name: str
    entered_at: datetime | None


class Flip(msgspec.Struct, frozen=True):
    """One member entered or left, and why."""

    refresh_id: int
    member_id: int
    entered: bool
    reason: str
    at: datetime


_CHUNKS = """
select c.segment_id, c.chunk, c.members from segment_chunk c
where c.merchant_id = %(merchant_id)s and c.segment_id = any(%(segments)s::bigint[])
    and (%(chunks)s::bigint[] is null or c.chunk = any(%(chunks)s::bigint[])) order by c.segment_id, c.chunk
"""


async def bitmaps(tx: Tx, segment_ids: Iterable[int], chunks: Iterable[int] | None = None) -> dict[int, BitMap]:
    """The members of segments by their number; only of some chunks where given. One statement."""
    found = {segment_id: BitMap() for segment_id in segment_ids}
    rows = await tx.rows(_CHUNKS, segments=list(found), chunks=None if chunks is None else sorted(set(chunks)))
    for row in rows:
        found[row.segment_id] |= BitMap.deserialize(bytes(row.members))
    return found


async def held(tx: Tx, rows: Sequence[Any]) -> dict[int, BitMap]:
    """All members of segments as locked here, by number: those whose mark this process has seen are not read again.

    So a round costs as much with ten million members as with few. Who changes these sets calls `hold`.
    """
    known = {row.segment_id: _held.get((tx.merchant_id, row.segment_id)) for row in rows}
    found = {row.segment_id: one[1] for row in rows if (one := known[row.segment_id]) and one[0] == row.mark}
    missing = [row for row in rows if row.segment_id not in found]
    read = await bitmaps(tx, [row.segment_id for row in missing]) if missing else {}
    for row in missing:
        hold(tx, row.segment_id, row.mark, read[row.segment_id])
    while missing and sum(size for _, _, size in _held.values()) > HELD_BYTES:
        _held.popitem(last=False)
    return found | read


def hold(tx: Tx, segment_id: int, mark: int, members: BitMap) -> None:
    """Remember who belongs, under the mark that the segment has once the transaction is through."""
    told = members.get_statistics()
    size = told["n_bytes_array_containers"] + told["n_bytes_run_containers"] + told["n_bytes_bitset_containers"]
    _held[tx.merchant_id, segment_id] = mark, members, size


def chunked(members: BitMap) -> dict[int, BitMap]:
    """A set of members in pieces of 65,536 numbers, empty ones left out."""
    found: dict[int, BitMap] = {}
    place = 0
    while place < len(members):
        chunk = members[place] // CHUNK
        found[chunk] = members & BitMap(range(chunk * CHUNK, (chunk + 1) * CHUNK))
        place += len(found[chunk])
    return found


async def _id_of(tx: Tx, slug: str) -> int:
    segment_id = await tx.value(
        "select segment_id from segment where merchant_id = %(merchant_id)s and slug = %(slug)s", slug=slug
    )
    if segment_id is None:
        raise NoSuchSegment(slug)
    return segment_id


async def members(tx: Tx, slug: str) -> BitMap:
    """All members of a segment as of its last refresh; refuses `NoSuchSegment`."""
    segment_id = await _id_of(tx, slug)
    return (await bitmaps(tx, [segment_id]))[segment_id]


async def members_each(tx: Tx, slugs: Sequence[str]) -> dict[str, BitMap]:
    """All members of several segments as of their last refresh, by slug; two statements. Refuses `NoSuchSegment`."""
    rows = await tx.rows(
        "select segment_id, slug from segment where merchant_id = %(merchant_id)s and slug = any(%(slugs)s::text[])",
        slugs=list(slugs),
    )
    ids = {row.slug: row.segment_id for row in rows}
    for slug in slugs:
        if slug not in ids:
            raise NoSuchSegment(slug)
    found = await bitmaps(tx, ids.values())
    return {slug: found[segment_id] for slug, segment_id in ids.items()}


async def inside(tx: Tx, slug: str, member_ids: Iterable[int]) -> set[int]:
    """Which of these members belong to the segment. Two statements; refuses `NoSuchSegment`."""
    wanted = BitMap(member_ids)
    segment_id = await _id_of(tx, slug)
    found = await bitmaps(tx, [segment_id], {member // CHUNK for member in wanted})
    return set(found[segment_id] & wanted)


async def members_after(tx: Tx, slug: str, after: int, limit: int) -> list[int]:
    """The next members of a segment by number, at most `limit`; refuses `NoSuchSegment`."""
    segment_id = await _id_of(tx, slug)
    found: list[int] = []
    chunk = (after + 1) // CHUNK
    while len(found) < limit:
        rows = await tx.rows(
            "select chunk, members from segment_chunk where merchant_id = %(merchant_id)s and segment_id = %(segment_id)s "
            "and chunk >= %(chunk)s order by chunk limit 16",
            segment_id=segment_id, chunk=chunk,
        )  # fmt: skip
        for row in rows:
            part = BitMap.deserialize(bytes(row.members))
            place = part.rank(after)
            found.extend(part[place : place + limit - len(found)])
        if len(rows) < 16:
            break
        chunk = rows[-1].chunk + 1
    return found


async def entered(tx: Tx, refresh_id: int, after: int, limit: int) -> list[int]:
    """The next members whom a refresh let in, by number, at most `limit`. A backfill names nobody."""
    return await _flipped(tx, refresh_id, True, after, limit)


async def left(tx: Tx, refresh_id: int, after: int, limit: int) -> list[int]:
    """The next members whom a refresh let out, by number, at most `limit`."""
    return await _flipped(tx, refresh_id, False, after, limit)


async def flips(tx: Tx, slug: str, before: Sequence[int] | None, limit: int) -> list[Flip]:
    """Who entered and left of late, the latest first; `before` is a refresh and the last member seen of it."""
    refresh_id, member_id = before or (2**62, 0)
    rows = await tx.rows(
        "with place as (select coalesce((select at from segment_refresh where merchant_id = %(merchant_id)s "
        "and refresh_id = %(refresh_id)s), 'infinity') as at) select f.refresh_id, f.member_id, f.entered, f.reason, f.at "
        "from place p, segment_refresh r join segment_flip f on f.merchant_id = r.merchant_id and f.refresh_id = r.refresh_id "
        "where r.merchant_id = %(merchant_id)s and r.segment_id = %(segment_id)s and r.at <= p.at and "
        "(r.at, r.refresh_id, -f.member_id) < (p.at, %(refresh_id)s, -%(member_id)s::bigint) "
        "order by r.at desc, r.refresh_id desc, f.member_id limit %(limit)s",
        segment_id=await _id_of(tx, slug), refresh_id=refresh_id, member_id=member_id, limit=limit,
    )  # fmt: skip
    return [Flip(*row) for row in rows]


async def _flipped(tx: Tx, refresh_id: int, inside: bool, after: int, limit: int) -> list[int]:
    rows = await tx.rows(
        "select member_id from segment_flip where merchant_id = %(merchant_id)s and refresh_id = %(refresh_id)s "
        "and entered = %(inside)s and member_id > %(after)s order by member_id limit %(limit)s",
        refresh_id=refresh_id, inside=inside, after=after, limit=limit,
    )  # fmt: skip
    return [row.member_id for row in rows]


async def of_member(tx: Tx, member_id: int) -> list[Belonging]:
    """The segments a member is in, by name, with the instant of entering. Two statements."""
    rows = await tx.rows(
        "select s.segment_id, s.slug, s.name, s.backfilled_at, c.members "
        "from segment s join segment_chunk c on c.merchant_id = s.merchant_id and c.segment_id = s.segment_id "
        "where s.merchant_id = %(merchant_id)s and c.merchant_id = %(merchant_id)s and c.chunk = %(chunk)s order by s.name",
        chunk=member_id // CHUNK,
    )
    held = [row for row in rows if member_id in BitMap.deserialize(bytes(row.members))]
    entered_at = await tx.rows(
        "select f.segment_id, max(f.at) as at from segment_flip f where f.merchant_id = %(merchant_id)s "
        "and f.member_id = %(member_id)s and f.segment_id = any(%(segments)s::bigint[]) and f.entered group by f.segment_id",
        member_id=member_id, segments=[row.segment_id for row in held],
    )  # fmt: skip
    since = {row.segment_id: row.at for row in entered_at}
    return [Belonging(row.slug, row.name, since.get(row.segment_id, row.backfilled_at)) for row in held]


async def of_members(tx: Tx, member_ids: Sequence[int]) -> dict[int, list[str]]:
    """The slugs of the segments that each of these members is in; two statements for all."""
    rows = await tx.rows(
        "select segment_id, slug from segment where merchant_id = %(merchant_id)s and size > 0 order by slug"
    )
    found = await bitmaps(tx, [row.segment_id for row in rows], {member // CHUNK for member in member_ids})
    return {member: [row.slug for row in rows if member in found[row.segment_id]] for member in member_ids}
