"""Segments and lists by API key: read, made, reworded, proven, followed, and taken away."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post, put
from msgspec import Meta
from pyroaring import BitMap

from shuke.ground import access, members
from shuke.ground import mirror as columns
from shuke.insight import grammar, segments
from shuke.kit import clock, errors, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

READ = [http.requires("segments.read")]
WRITE = [http.requires("segments.write")]
MEMBERS = [*READ, http.requires("members.read")]
MOST = 1_000
Numbers = Annotated[list[int], Meta(max_length=MOST)]
People = Annotated[list[dict[str, str]], Meta(max_length=MOST)]
Slug = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=20_000)]


class NewSegment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A segment to make, its rule as JSON or as text; without a slug one is made from the name."""

    name: str
    rule: dict[str, Any] | None = None
    text: Text | None = None
    slug: Slug | None = None
    description: Annotated[str, Meta(max_length=2_000)] = ""


class Reworded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. `version` is the one that was read, `reason` stands beside the new one."""

    version: int
    name: str | None = None
    rule: dict[str, Any] | None = None
    text: Text | None = None
    description: Annotated[str, Meta(max_length=2_000)] | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One wording, as JSON and as text; who entered and left as it took over (null: not counted yet)."""

    version: int
    rule: dict[str, Any]
    text: str | None
    created_at: datetime
    created_by: str
    reason: str
    entered: int | None
    left: int | None
    size: int | None


class Versions(msgspec.Struct, frozen=True):
    """All wordings of a segment, the newest first."""

    items: list[Version]


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """The size after one refresh that changed it, and why: event, time, schedule, manual, backfill, repair."""

    at: datetime
    count: int
    entered: int
    left: int
    reason: str


class Sizes(msgspec.Struct, frozen=True):
    """The size over time, the oldest first; the last 400 changes."""

    items: list[Size]


class Lists(msgspec.Struct, frozen=True):
    """All lists, the newest first."""

    items: list[segments.ShownList]


class NewList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list to keep: members by number or identity, lines of phones, outside ids or cards, or whom a rule finds now."""

    name: str
    slug: Slug | None = None
    member_ids: Numbers = []
    members: People = []
    lines: Annotated[list[str], Meta(max_length=200_000)] | None = None
    rule: dict[str, Any] | None = None
    text: Text | None = None


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Members by their numbers, or each by any identities."""

    member_ids: Numbers = []
    members: People = []


class ListChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is put on the list, and who is taken off; who is named in both is taken off."""

    add: Named | None = None
    remove: Named | None = None


class Strangers(msgspec.Struct, frozen=True, kw_only=True):
    """Who was named and is not a member: numbers, and places in the list of identities, from 1."""

    member_ids: list[int]
    members: list[int]


class ListChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The list as it is now, how many came and went, and whom nobody knows."""

    list: segments.ShownList
    added: int
    removed: int
    unknown: Strangers


class OneRule(errors.Refused):
    """Give one of: {known}."""

    code = "one_rule"
    http_status = 422
    zh = "以下几项请给其中一项：{known}。"
    cure = "Leave the others out."
    cure_zh = "请去掉其余的。"


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
    segments: list[segments.Belonging]


class MemberNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a segment with the ids of other systems."""

    member_id: int
    external_ids: list[str]


@get("/segments", guards=READ)
async def list_segments(database: Database, request: Request[Any, Any, Any]) -> SegmentNames:
    """全部分群和人数。 All segments with their sizes."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        listed = await segments.list_segments(tx)
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
        return SegmentsOfMember(member_id=member_id, segments=await segments.of_member(tx, member_id))


@get("/segments/{slug:str}/members", guards=READ, responses=http.declares(segments.NoSuchSegment, paging.BadCursor))
async def read_members(
    database: Database, request: Request[Any, Any, Any], slug: str, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """一个分群里的会员，一页一页取。 The members of a segment as of its last refresh, by number."""
    size, place = paging.limited(limit), paging.decode(cursor, 1)
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await segments.get_segment(tx, slug)
        numbers = await segments.members_after(tx, slug, place[0] if place else 0, size + 1)
        outside = await members.outside_ids(tx, numbers)
    shown = [MemberNumber(member_id=number, external_ids=outside.get(number, [])) for number in numbers]
    return paging.page(shown, size, lambda one: [one.member_id], total=found.count)


def _rule(data: NewSegment | Reworded | NewList) -> dict[str, Any] | None:
    """The rule as JSON, from either form; None where neither is given. Refuses `OneRule` and `BadRule`."""
    if data.rule is not None and data.text is not None:
        raise OneRule(field="text", known="rule, text")
    return data.rule if data.text is None else grammar.read(data.text)


@post(
    "/segments",
    guards=WRITE,
    responses=http.declares(grammar.BadRule, OneRule, segments.SlugTaken, segments.BadName, segments.BadSlug),
)
async def make_segment(database: Database, caller: Caller, data: NewSegment) -> segments.Shown:
    """新建分群，规则用 JSON 或文字，一两秒内算好。 Make a segment; it is counted within a second or two."""
    rule, at = _rule(data), clock.now()
    if rule is None:
        raise OneRule(field="rule", known="rule, text")
    async with database.write(caller.merchant_id) as tx:
        made = await segments.create_segment(
            tx, slug=data.slug, name=data.name, rule=rule, description=data.description, at=at, by=caller.name
        )
        await access.record(tx, caller, "segment.created", ("segment", made.name), after={"rule": made.rule}, at=at)
    return made


@put(
    "/segments/{slug:str}",
    guards=WRITE,
    responses=http.declares(
        segments.NoSuchSegment, segments.SegmentStale, grammar.BadRule, OneRule, segments.BadName
    ),
)  # fmt: skip
async def reword_segment(slug: str, database: Database, caller: Caller, data: Reworded) -> segments.Shown:
    """修改分群；规则变了就是新的一版，不触发自动化。要带读到的版本号，别人刚改过就拒绝。

    Change a segment; another rule is a new version, which starts no journeys. Refused where it changed since it was read.
    """
    rule, at = _rule(data), clock.now()
    async with database.write(caller.merchant_id) as tx:
        await segments.expect_version(tx, slug, data.version)
        before = await segments.get_segment(tx, slug)
        after = await segments.edit_segment(
            tx, slug, name=data.name, rule=rule, description=data.description, at=at, by=caller.name, reason=data.reason
        )
        told = _told(after) | ({"reason": data.reason} if data.reason else {})
        await access.record(
            tx, caller, "segment.changed", ("segment", after.name), before=_told(before), after=told, at=at
        )
    return after


def _told(segment: segments.Shown) -> dict[str, Any]:
    return {"name": segment.name, "description": segment.description, "rule": segment.rule}


@delete(
    "/segments/{slug:str}",
    guards=WRITE,
    responses=http.declares(segments.NoSuchSegment, segments.SegmentInUse),
)  # fmt: skip
async def remove_segment(slug: str, database: Database, caller: Caller) -> None:
    """删除没有用到的分群；还在用的拒绝，并列出用它的地方。 Delete a segment that nothing uses; refused with its users."""
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await segments.get_segment(tx, slug)
        await segments.delete_segment(tx, slug, at)
        await access.record(tx, caller, "segment.deleted", ("segment", before.name), before=_told(before), at=at)


@post(
    "/segments/{slug:str}/verify", guards=WRITE, status_code=200, responses=http.declares(segments.NoSuchSegment)
)  # fmt: skip
async def verify_segment(slug: str, database: Database, caller: Caller, mirror: Any) -> segments.Shown:
    """马上核对：从头算一遍，不一致就修正，结果在 difference。

    Hold the membership against a whole recompute now, and repair it where they differ; `difference` tells.
    """
    async with database.read(caller.merchant_id) as tx:
        await segments.get_segment(tx, slug)
    await segments.verify(database, columns.opened(mirror), caller.merchant_id, clock.now(), [slug])
    async with database.read(caller.merchant_id) as tx:
        return await segments.get_segment(tx, slug)


@get("/segments/{slug:str}/versions", guards=READ, responses=http.declares(segments.NoSuchSegment))
async def list_versions(slug: str, database: Database, caller: Caller) -> Versions:
    """分群规则的全部版本，新的在前。 All wordings of a segment with who made them and why, the newest first."""
    async with database.read(caller.merchant_id) as tx:
        found = await segments.get_segment(tx, slug)
        rows = await segments.versions(tx, found.segment_id)
    return Versions([Version(**row._asdict(), text=_text(row.rule)) for row in rows])


def _text(rule: Any) -> str | None:
    try:
        return grammar.write(rule)
    except grammar.BadRule:
        return None


@get("/segments/{slug:str}/history", guards=READ, responses=http.declares(segments.NoSuchSegment))
async def list_sizes(slug: str, database: Database, caller: Caller) -> Sizes:
    """分群人数的变化，旧的在前。 The size after each refresh that changed it, the oldest first."""
    async with database.read(caller.merchant_id) as tx:
        found = await segments.get_segment(tx, slug)
        rows = await segments.history(tx, found.segment_id)
    return Sizes([Size(**row._asdict()) for row in rows])


@get(
    "/segments/{slug:str}/flips", guards=MEMBERS, responses=http.declares(segments.NoSuchSegment, paging.BadCursor)
)  # fmt: skip
async def list_flips(
    slug: str, database: Database, caller: Caller, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """谁在什么时候因为什么进入、离开，新的在前，一页一页取。 Who entered and left, when and why, the latest first."""
    size, place = paging.limited(limit), paging.decode(cursor, 2)
    async with database.read(caller.merchant_id) as tx:
        found = await segments.flips(tx, slug, place, size + 1)
    return paging.page(found, size, lambda one: [one.refresh_id, one.member_id])


@get("/segment-lists", guards=READ)
async def list_lists(database: Database, caller: Caller) -> Lists:
    """全部名单，新的在前。 All lists, the newest first."""
    async with database.read(caller.merchant_id) as tx:
        return Lists(await segments.list_lists(tx))


@post(
    "/segment-lists",
    guards=WRITE,
    responses=http.declares(
        grammar.BadRule, OneRule, columns.TooMuch, segments.ListTaken, segments.ListTooLong, segments.BadName,
        segments.BadSlug, members.BadIdentity, members.UnknownIdentity, members.NoIdentity,
    ),
)  # fmt: skip
async def make_list(database: Database, caller: Caller, mirror: Any, data: NewList) -> ListChanged:
    """新建名单：写会员编号或身份、一行一个的手机号等，或者规则现在找到的会员。

    Keep a list of members named by number or identity, of lines, or of whom a rule finds now; it never changes by itself.
    """
    rule, at, nobody = _rule(data), clock.now(), Strangers(member_ids=[], members=[])
    if sum(given is not None for given in (rule, data.lines, data.member_ids or data.members or None)) > 1:
        raise OneRule(known="member_ids and members, lines, rule, text")
    kept: dict[str, Any] = {"name": data.name, "slug": data.slug, "at": at, "by": caller.name}
    async with database.write(caller.merchant_id) as tx:
        if data.lines is not None:
            made = await segments.import_list(tx, lines=data.lines, **kept)
        elif rule is not None:
            node = segments.parsed(rule)
            found = (await segments.ask(tx, columns.opened(mirror), [node], at)).members(node)
            made = await segments.keep_list(tx, found=found, origin={"how": "snapshot", "rule": rule}, **kept)
        else:
            found, nobody = await _found(tx, Named(member_ids=data.member_ids, members=data.members))
            made = await segments.keep_list(tx, found=found, origin={"how": "api"}, **kept)
        after = {"count": made.count, "how": made.origin["how"]}
        await access.record(tx, caller, "segment_list.created", ("segment_list", made.name), after=after, at=at)
    return ListChanged(list=made, added=made.count, removed=0, unknown=nobody)


@post(
    "/segment-lists/{slug:str}/members",
    guards=WRITE,
    status_code=200,
    responses=http.declares(
        segments.NoSuchList, members.BadIdentity, members.UnknownIdentity, members.NoIdentity
    ),
)  # fmt: skip
async def change_list(slug: str, database: Database, caller: Caller, data: ListChange) -> ListChanged:
    """往名单里加会员、从名单里去掉会员，重复发没有关系。 Put members on a list and take others off; repeatable."""
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        add, unknown = await _found(tx, data.add)
        remove, strange = await _found(tx, data.remove)
        added, removed = await segments.change_list(tx, slug, add=add, remove=remove, at=at)
        after = await segments.get_list(tx, slug)
        if added or removed:
            told = {"added": added, "removed": removed, "count": after.count}
            await access.record(tx, caller, "segment_list.changed", ("segment_list", after.name), after=told, at=at)
    nobody = Strangers(
        member_ids=unknown.member_ids + strange.member_ids, members=unknown.members + strange.members
    )  # fmt: skip
    return ListChanged(list=after, added=added, removed=removed, unknown=nobody)


async def _found(tx: Tx, named: Named | None) -> tuple[BitMap, Strangers]:
    """The living members who are named, and who is not one; two statements."""
    named = named or Named()
    people = [members.identities_of(one) for one in named.members]
    by_identity = await members.resolve(tx, people)
    rows = await tx.rows(members.LIVES, members=named.member_ids) if named.member_ids else []
    living = {row.member_id for row in rows}
    strange = Strangers(
        member_ids=[number for number in named.member_ids if number not in living],
        members=[place for place, number in enumerate(by_identity, 1) if number is None],
    )
    return BitMap(living.union(number for number in by_identity if number is not None)), strange


@delete(
    "/segment-lists/{slug:str}", guards=WRITE, responses=http.declares(segments.NoSuchList, segments.ListInUse)
)  # fmt: skip
async def remove_list(slug: str, database: Database, caller: Caller) -> None:
    """删除没有分群用到的名单。 Delete a list that no segment speaks of; refused with its users."""
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await segments.get_list(tx, slug)
        await segments.delete_list(tx, slug, at)
        count = {"count": before.count}
        await access.record(tx, caller, "segment_list.deleted", ("segment_list", before.name), before=count, at=at)


routes = [
    list_segments, read_segments, read_members, make_segment, reword_segment, remove_segment, verify_segment, list_versions,
    list_sizes, list_flips, list_lists, make_list, change_list, remove_list,
]  # fmt: skip
