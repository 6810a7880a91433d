"""Tags for whoever a list shows: chosen members, everybody a filter lets through, or a whole segment, in one act."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import post
from msgspec import Meta
from pyroaring import BitMap

from shuke.doors.screens import roster
from shuke.ground import access, members
from shuke.insight import profiles, segments, tags
from shuke.kit import clock, errors, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

Slugs = Annotated[list[str], Meta(max_length=50)]


class Filter(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The filters of the list of members; an empty one means everybody."""

    q: str = ""
    segment: str = ""
    cell: str = ""
    tag: str = ""
    tier: int | None = None
    store: str = ""


class Tagging(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which tags come and go (slugs), for the members listed or those a filter shows; until when, and why."""

    add: Slugs = []
    remove: Slugs = []
    members: Annotated[list[int], Meta(max_length=100_000)] | None = None
    filter: Filter | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""


class NobodyMeant(errors.Refused):
    """Say for whom: members or a filter, and one tag at least."""

    code = "nobody_meant"
    http_status = 422
    zh = "要说明给谁打：选会员或给出筛选条件，并至少选一个标签。"
    cure = "Choose members, or a filter, and a tag."
    cure_zh = "请选择会员或筛选条件，再选标签。"


@post(
    "/members/tags",
    guards=[http.requires("tags.put")],
    status_code=200,
    responses=http.declares(
        NobodyMeant,
        http.Forbidden,
        tags.NoSuchTag,
        tags.RuleTag,
        tags.TagArchived,
        tags.PastEnd,
        segments.NoSuchSegment,
        profiles.NoSuchCell,
    ),
)
async def tag_members(data: Tagging, database: Database, caller: Caller, mirror: Any) -> tags.Done:
    """Put tags on members and take tags off, in one act that can be undone; a filter needs the right to manage tags."""
    now = clock.now()
    if not (data.add or data.remove) or (data.members is None) == (data.filter is None):
        raise NobodyMeant
    if data.filter is not None and "tags.write" not in caller.permissions:
        raise http.Forbidden(permission="tags.write")
    if data.until is not None and data.until <= now:
        raise tags.PastEnd(field="until")
    cause = tags.Cause(verb="tag", source="console", by=caller.name, reason=data.reason)
    async with database.write(caller.merchant_id) as tx:
        found = await tags.by_slug(tx, [*data.add, *data.remove])
        who = await _meant(tx, mirror, data)
        puts = [tags.Put(member, found[slug].tag_id, data.until) for slug in data.add for member in who]
        takes = [(member, found[slug].tag_id) for slug in data.remove for member in who]
        done = await tags.change(tx, cause, now, puts=puts, takes=takes)
        if done.act_id is not None:
            after = {"members": done.members, "add": data.add, "remove": data.remove}
            names = "、".join(found[slug].name for slug in [*data.add, *data.remove])
            await access.record(tx, caller, "tags.put", ("tags", names), after=after, at=now)
    return done


async def _meant(tx: Tx, mirror: Any, data: Tagging) -> BitMap:
    if data.members is not None:
        known = await members.members_of(tx, set(data.members))
        return BitMap(number for number, one in known.items() if one.merged_into is None)
    assert data.filter is not None, "one of the two was asked for"
    wish = roster.Wish(**msgspec.structs.asdict(data.filter))
    chosen = await roster.everybody_meant(tx, mirror, wish)
    return BitMap(await members.list_numbers(tx, 2**31, 2**31)) if chosen is None else chosen


routes = [tag_members]
