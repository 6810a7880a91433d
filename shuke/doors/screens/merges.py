"""The merge tool: which members were made one, what that moved, and taking a merge apart again."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import get, post

from shuke.assets import points
from shuke.ground import access, members
from shuke.kit import clock, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller


class MergeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One merge as the tool lists it. `left` of the points it moved would come back if it were undone now."""

    merge_id: int
    member_id: int
    member_name: str
    into_id: int
    into_name: str
    at: datetime
    by: str
    undoable: bool
    undone_at: datetime | None
    undone_by: str | None
    points_moved: int
    points_left: int
    points_returned: int | None


@get("/merges", guards=[http.requires("members.write"), http.requires("points.read")])
async def list_merges(
    database: Database, caller: Caller, member: int | None = None, cursor: str | None = None
) -> paging.Page:
    """Which members were merged, the latest first, with the points that moved and how many are left of them."""
    async with database.read(caller.merchant_id) as tx:
        page = await members.merges(tx, member, cursor)
        rows = await _shown(tx, page.items)
    return paging.Page(items=rows, next_cursor=page.next_cursor, total=page.total)


async def _shown(tx: Tx, merges: list[members.MergeShape]) -> list[MergeRow]:
    moved = await points.moved_by_merges(tx, {one.member_id for one in merges})
    names = await members.names(tx, {number for one in merges for number in (one.member_id, one.into_id)})
    none = points.MergeFigures(occurred_at=clock.now(), moved=0, left=0, returned=None)
    rows = []
    for one in merges:
        later = (found for found in moved.get((one.member_id, one.into_id), ()) if found.occurred_at >= one.at)
        figures = next(later, none)
        rows.append(
            MergeRow(
                **msgspec.structs.asdict(one), member_name=_name(names, one.member_id), into_name=_name(names, one.into_id),
                points_moved=figures.moved, points_left=figures.left, points_returned=figures.returned,
            )
        )  # fmt: skip
    return rows


def _name(names: dict[int, members.MemberName], member_id: int) -> str:
    return names[member_id].name if member_id in names else ""


@post(
    "/merges/{merge_id:int}/undo",
    status_code=200,
    guards=[http.requires("members.write")],
    responses=http.declares(members.NoSuchMerge, members.CannotUnmerge),
)
async def undo_merge(merge_id: int, database: Database, caller: Caller) -> MergeRow:
    """Take a merge apart: identities at once; points go back to their lots within a second, as far as they are left."""
    at = clock.now()

    async def undo(tx: Tx) -> MergeRow:
        told = await members.unmerge(tx, merge_id, by=caller.name, at=at)
        after = {"into": told.into_id}
        await access.record(tx, caller, "member.unmerged", ("member", told.member_id), after=after, at=at)
        page = await members.merges(tx, told.member_id)
        return (await _shown(tx, [one for one in page.items if one.merge_id == merge_id]))[0]

    return await database.attempt(caller.merchant_id, undo)


routes = [list_merges, undo_merge]
