"""Membership of a segment as a refresh leaves it, written down without a mirror."""

from collections.abc import Iterable
from datetime import datetime

from pyroaring import BitMap

from shuke.insight.segments import models
from shuke.insight.segments.events import SegmentRefreshed
from shuke.kit.db import Tx

CHUNK = 65_536
RULE = {"did": "order"}


async def new_segment(tx: Tx, slug: str, at: datetime) -> int:
    """A segment that nobody is in yet."""
    [segment_id] = await tx.fresh_ids(1)
    row = {"segment_id": segment_id, "slug": slug, "name": f"分群 {slug}", "state": "ok", "created_at": at}
    await tx.insert(models.Segment, [row])
    await tx.insert(models.SegmentVersion, [{"segment_id": segment_id, "version": 1, "rule": RULE, "created_at": at}])
    return int(segment_id)


async def seat(tx: Tx, slug: str, members: Iterable[int], at: datetime, *, backfill: bool = False) -> SegmentRefreshed:
    """The segment holds exactly these members from now on; who newly entered or left is told, as a refresh tells it."""
    segment_id = await tx.value(
        "select segment_id from segment where merchant_id = %(merchant_id)s and slug = %(slug)s", slug=slug
    )
    now = BitMap(members)
    before = BitMap()
    for row in await tx.rows("select members from segment_chunk where segment_id = %(id)s", id=segment_id):
        before |= BitMap.deserialize(bytes(row.members))
    await tx.run("delete from segment_chunk where segment_id = %(id)s", id=segment_id)
    for chunk in sorted({member // CHUNK for member in now}):
        part = now & BitMap(range(chunk * CHUNK, (chunk + 1) * CHUNK))
        await tx.run(
            "insert into segment_chunk values (%(merchant_id)s, %(id)s, %(chunk)s, %(members)s)",
            id=segment_id, chunk=chunk, members=part.serialize(),
        )  # fmt: skip
    await tx.run(
        "update segment set size = %(size)s where merchant_id = %(merchant_id)s and segment_id = %(id)s",
        id=segment_id, size=len(now),
    )  # fmt: skip
    [refresh_id] = await tx.fresh_ids(1)
    flips = [*((member, True) for member in now - before), *((member, False) for member in before - now)]
    if not backfill:
        await tx.insert(
            models.SegmentFlip,
            [
                {"refresh_id": refresh_id, "member_id": member, "segment_id": segment_id, "entered": entered,
                 "reason": "event", "at": at}
                for member, entered in flips
            ],
        )  # fmt: skip
    told = SegmentRefreshed(
        slug=slug, refresh_id=refresh_id, entered=len(now - before), left=len(before - now), at=at, backfill=backfill
    )
    tx.announce(told)
    return told
