"""What a refresh writes: chunks that changed, refreshes and flips of any number of segments, in a handful of statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from pyroaring import BitMap

from shuke.insight.segments import models
from shuke.insight.segments.queries import membership

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shuke.kit.db import Tx

ROWS = 20_000
CHUNKS = 2_000  # of at most 8 KB each
_EMPTY = """
delete from segment_chunk c using json_to_recordset(%(rows)s::json) as r(segment_id bigint, chunk bigint)
where c.merchant_id = %(merchant_id)s and c.segment_id = r.segment_id and c.chunk = r.chunk
"""


class Change(NamedTuple):
    """Who belongs to one segment after a refresh, and who of them is new, who gone."""

    members: BitMap
    entered: BitMap
    left: BitMap


@dataclass(slots=True)
class Written:
    """What a refresh at one instant writes of all its segments."""

    at: datetime
    chunks: list[dict[str, Any]] = field(default_factory=list)
    empty: list[dict[str, Any]] = field(default_factory=list)
    refreshes: list[dict[str, Any]] = field(default_factory=list)
    flips: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: Any, refresh_id: int, change: Change, reason_of: Callable[[int], str]) -> None:
        """The chunks of one segment that changed, its refresh, and (unless it is a backfill) one flip per member."""
        entered, left, segment_id = change.entered, change.left, row.segment_id
        for chunk in membership.chunked(entered | left):
            part = change.members & BitMap(range(chunk * membership.CHUNK, (chunk + 1) * membership.CHUNK))
            place = {"segment_id": segment_id, "chunk": chunk}
            if part:
                self.chunks.append(place | {"members": part.serialize()})
            else:
                self.empty.append(place)
        flips = [(member, True) for member in entered] + [(member, False) for member in left]
        reasons = {reason_of(member) for member, _ in flips} or {reason_of(0)}
        reason = "event" if "event" in reasons else sorted(reasons)[0]
        self.refreshes.append(
            {"refresh_id": refresh_id, "segment_id": segment_id, "version": row.version, "reason": reason,
             "entered": len(entered), "left": len(left), "size": len(change.members), "at": self.at}
        )  # fmt: skip
        if reason == "backfill":
            return
        self.flips += [
            {"refresh_id": refresh_id, "member_id": member, "segment_id": segment_id, "entered": inside,
             "reason": reason_of(member), "at": self.at}
            for member, inside in flips
        ]  # fmt: skip

    async def store(self, tx: Tx) -> None:
        """Write it all: at most four statements, and one more for every twenty thousand flips."""
        if self.empty:
            await tx.run(_EMPTY, rows=msgspec.json.encode(self.empty).decode())
        for start in range(0, len(self.chunks), CHUNKS):
            await tx.insert(models.SegmentChunk, self.chunks[start : start + CHUNKS], conflict="update:members")
        await tx.insert(models.SegmentRefresh, self.refreshes)
        for start in range(0, len(self.flips), ROWS):
            await tx.together(tx.insertion(models.SegmentFlip, self.flips[start : start + ROWS]))
