"""Segments by API key: which there are, which one member is in, and who is in one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get

from shuke.ground import members
from shuke.insight.segments.queries import catalog, membership
from shuke.kit import errors, http, paging
from shuke.kit.db import Database

READ = [http.requires("segments.read")]


class NobodyKnown(errors.NotFound):
    """Nobody is known by this identity."""

    code = "nobody_known"
    zh = "没有这个身份的会员。"
    cure = "Check the identity; who is not a member yet becomes one with an order or on the console."
    cure_zh = "请核对身份；还不是会员的，先下单或在控制台新增。"

    def __init__(self, **facts: Any) -> None:
        errors.Refused.__init__(self, **facts)


class SegmentName(msgspec.Struct, frozen=True, kw_only=True):
    """A segment with its size as of an instant."""

    slug: str
    name: str
    count: int
    refreshed_at: datetime | None


class SegmentNames(msgspec.Struct, frozen=True):
    """All segments of a merchant."""

    items: list[SegmentName]


class SegmentsOfMember(msgspec.Struct, frozen=True, kw_only=True):
    """The segments one member is in, since when."""

    member_id: int
    segments: list[membership.Belonging]


class MemberNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a segment with the ids of other systems."""

    member_id: int
    external_ids: list[str]


@get("/segments", guards=READ)
async def list_segments(database: Database, request: Request[Any, Any, Any]) -> SegmentNames:
    """全部分群和人数。 All segments with their sizes."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        listed = await catalog.list_segments(tx)
    return SegmentNames([
        SegmentName(slug=one.slug, name=one.name, count=one.count, refreshed_at=one.refreshed_at) for one in listed
    ])  # fmt: skip


@get("/members/segments", guards=READ, responses=http.declares(NobodyKnown, members.BadIdentity, members.NoIdentity))
async def read_segments(database: Database, request: Request[Any, Any, Any]) -> SegmentsOfMember:
    """一位会员在哪些分群里，用身份查询，例如 ?phone=13800138000。 The segments one member is in, all at once."""
    person = members.identities_of(dict(request.query_params))
    async with database.read(http.caller_of(request).merchant_id) as tx:
        [member_id] = await members.resolve(tx, [person])
        if member_id is None:
            raise NobodyKnown(field="member")
        return SegmentsOfMember(member_id=member_id, segments=await membership.of_member(tx, member_id))


@get("/segments/{slug:str}/members", guards=READ, responses=http.declares(catalog.NoSuchSegment, paging.BadCursor))
async def read_members(
    database: Database, request: Request[Any, Any, Any], slug: str, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """一个分群里的会员，一页一页取。 The members of a segment as of its last refresh, by number."""
    size, place = paging.limited(limit), paging.decode(cursor, 1)
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await catalog.get_segment(tx, slug)
        numbers = await membership.members_after(tx, slug, place[0] if place else 0, size + 1)
        outside = await members.outside_ids(tx, numbers)
    shown = [MemberNumber(member_id=number, external_ids=outside.get(number, [])) for number in numbers]
    return paging.page(shown, size, lambda one: [one.member_id], total=found.count)


routes = [list_segments, read_segments, read_members]
