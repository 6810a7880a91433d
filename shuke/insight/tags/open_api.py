"""Tags by API key: which tags there are, what a member wears, and changing it for many members in one call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from msgspec import Meta

from shuke.ground import members
from shuke.insight.tags import actions, policy
from shuke.insight.tags.queries import catalog, wearing
from shuke.kit import clock, errors, http
from shuke.kit.db import Database, Tx

READ = [http.requires("members.read")]
PUT = [http.requires("tags.put")]
MOST = 1_000
Who = Annotated[dict[str, str], Meta(min_length=1, max_length=9)]
Slugs = Annotated[list[str], Meta(max_length=50)]


class UnknownMember(errors.NotFound):
    """No member is known by this identity."""

    code = "unknown_member"
    zh = "没有这个身份的会员。"
    cure = "Check the identity; who is not a member yet becomes one with an order or on the console."
    cure_zh = "请核对身份；还不是会员的，先下单或在控制台新增。"

    def __init__(self, **facts: Any) -> None:
        errors.Refused.__init__(self, **facts)


class TagName(msgspec.Struct, frozen=True, kw_only=True):
    """A tag one may name; a `rule` tag comes by itself and cannot be set."""

    slug: str
    name: str
    name_en: str
    group: str | None
    rule: bool
    size: int


class TagNames(msgspec.Struct, frozen=True):
    """All tags that can be worn."""

    items: list[TagName]


class WornTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag a member wears."""

    slug: str
    name: str
    group: str | None
    since: datetime
    until: datetime | None


class TagsOfMember(msgspec.Struct, frozen=True, kw_only=True):
    """What one member wears."""

    member_id: int
    tags: list[WornTag]


class TagWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose tags change, by identity ({"phone": …}); `add` and `remove` name slugs; `until` ends what is added."""

    member: Who
    add: Slugs = []
    remove: Slugs = []
    until: Annotated[datetime, Meta(tz=True)] | None = None


class TagWishes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to 1,000 wishes, one act; `reason` is shown with every change."""

    changes: Annotated[list[TagWish], Meta(min_length=1, max_length=MOST)]
    reason: Annotated[str, Meta(max_length=200)] = ""


class TagResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one wish: the member's tags now, or why it was refused."""

    status: Literal["ok", "refused"]
    member_id: int | None = None
    tags: list[str] = []
    error: dict[str, Any] | None = None


class TagResults(msgspec.Struct, frozen=True, kw_only=True):
    """One result per wish, in their order; `act_id` is empty when nothing changed."""

    act_id: int | None
    added: int
    removed: int
    results: list[TagResult]


@get("/tags", guards=READ)
async def list_tags(database: Database, request: Request[Any, Any, Any]) -> TagNames:
    """可用的标签：短名、名称、标签组、人数。 The tags there are, with their groups and sizes."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        listed = await catalog.list_tags(tx, live_only=True)
    return TagNames([
        TagName(
            slug=one.slug, name=one.name, name_en=one.name_en, group=one.group, rule=bool(one.segment or one.follows),
            size=one.size,
        )
        for one in listed
    ])  # fmt: skip


@get("/members/tags", guards=READ, responses=http.declares(UnknownMember, members.BadIdentity, members.NoIdentity))
async def read_tags(database: Database, request: Request[Any, Any, Any]) -> TagsOfMember:
    """一位会员现在的标签，用身份查询，例如 ?phone=13800138000。 What one member wears; the query names an identity."""
    person = members.identities_of(dict(request.query_params))
    async with database.read(http.caller_of(request).merchant_id) as tx:
        [member_id] = await members.resolve(tx, [person])
        if member_id is None:
            raise UnknownMember(field="member")
        worn = (await wearing.of_members(tx, [member_id], clock.now()))[member_id]
    tags = [WornTag(slug=one.slug, name=one.name, group=one.group, since=one.since, until=one.until) for one in worn]
    return TagsOfMember(member_id=member_id, tags=tags)


@post("/members/tags", guards=PUT, status_code=200)
async def write_tags(data: TagWishes, database: Database, request: Request[Any, Any, Any]) -> TagResults:
    """给会员打标签、去标签，一次最多 1000 位，每位各有结果，重发不会重复。 Put tags on members and take them off; repeatable."""
    caller, now = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        tags = {tag.slug: tag for tag in await catalog.list_tags(tx)}
        found = await _people(tx, data.changes)
        refused: dict[int, errors.Refused] = {n: who for n, who in enumerate(found) if isinstance(who, errors.Refused)}
        puts: list[policy.Put] = []
        takes: list[tuple[int, int]] = []
        for n, (wish, who) in enumerate(zip(data.changes, found, strict=True)):
            if isinstance(who, errors.Refused):
                continue
            unfit = _unfit(wish, tags, now)
            if unfit is not None:
                refused[n] = unfit
                continue
            puts += [policy.Put(who, tags[slug].tag_id, wish.until) for slug in wish.add]
            takes += [(who, tags[slug].tag_id) for slug in wish.remove]
        cause = policy.Cause(verb="tag", source="api", by=caller.name, reason=data.reason)
        done = await actions.change(tx, cause, now, puts=puts, takes=takes)
        worn = await wearing.of_members(tx, {who for who in found if isinstance(who, int)}, now)
    results = [_result(who, refused.get(n), worn) for n, who in enumerate(found)]
    return TagResults(act_id=done.act_id, added=done.added, removed=done.removed, results=results)


def _result(
    who: int | errors.Refused, refusal: errors.Refused | None, worn: dict[int, list[wearing.Worn]]
) -> TagResult:
    if refusal is not None or isinstance(who, errors.Refused):
        return TagResult(status="refused", error=refusal.body() if refusal else None)
    return TagResult(status="ok", member_id=who, tags=[one.slug for one in worn[who]])


async def _people(tx: Tx, wishes: Sequence[TagWish]) -> list[int | errors.Refused]:
    """Each wish's member, or why there is none; one question for all."""
    people: list[dict[str, str] | errors.Refused] = []
    for wish in wishes:
        try:
            people.append(members.identities_of(wish.member))
        except errors.Refused as refusal:
            people.append(refusal)
    known = iter(await members.resolve(tx, [one for one in people if isinstance(one, dict)]))
    found: list[int | errors.Refused] = []
    for one in people:
        member_id = next(known) if isinstance(one, dict) else None
        found.append(one if isinstance(one, errors.Refused) else member_id or UnknownMember(field="member"))
    return found


def _unfit(wish: TagWish, tags: dict[str, catalog.Tag], now: datetime) -> errors.Refused | None:
    for field, slugs in (("add", wish.add), ("remove", wish.remove)):
        for slug in slugs:
            if slug not in tags:
                return catalog.NoSuchTag(slug, field=field)
            if tags[slug].segment is not None or tags[slug].follows is not None:
                return actions.RuleTag(name=tags[slug].name, field=field)
            if field == "add" and tags[slug].state != "live":
                return actions.TagArchived(name=tags[slug].name, field=field)
    if wish.until is not None and wish.until <= now:
        return policy.PastEnd(field="until")
    return None


routes = [list_tags, read_tags, write_tags]
