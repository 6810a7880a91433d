"""Rules by API key: counted, previewed, held against members one names, explained; and one segment with all that is known of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from msgspec import Meta

from shuke.ground import members
from shuke.ground import mirror as columns
from shuke.insight import grammar, segments
from shuke.insight.outlook.queries import previews, times
from shuke.kit import clock, http
from shuke.kit.db import Database

READ = [http.requires("segments.read"), http.requires("members.read")]
REFUSALS = http.declares(grammar.BadRule, columns.TooMuch)
MOST = 1_000


class Ruled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule, as JSON or as text; as of now, or of an instant."""

    rule: dict[str, Any] | None = None
    text: Annotated[str, Meta(max_length=20_000)] | None = None
    as_of: Annotated[datetime, Meta(tz=True)] | None = None

    def raw(self) -> Any:
        """The rule as JSON; refuses `BadRule`."""
        return self.rule if self.text is None else grammar.read(self.text)


class Tried(Ruled, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule to preview; `sampled`: of more than 100,000 members ten thousand are asked, and the count has a margin."""

    sampled: bool = False


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many members a rule stands for, of how many."""

    count: int
    total: int
    as_of: datetime


class Evaluated(Ruled, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule or a segment by its slug, and the members to hold it against, each by any of their identities."""

    members: Annotated[list[dict[str, str]], Meta(min_length=1, max_length=MOST)]
    segment: str | None = None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One member as asked for: its number, and whether the rule holds. Both are null where nobody is known by that."""

    member_id: int | None
    inside: bool | None = msgspec.field(name="in")


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """For each member in the order of the question."""

    as_of: datetime
    items: list[Held]


class Why(Ruled, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule or a segment by its slug, and one member by any of their identities."""

    member: dict[str, str]
    segment: str | None = None


@get(
    "/segments/{slug:str}", guards=[http.requires("segments.read")], responses=http.declares(segments.NoSuchSegment)
)  # fmt: skip
async def read_segment(database: Database, request: Request[Any, Any, Any], slug: str) -> segments.Shown:
    """一个分群的规则、说明、人数和截至时间。 One segment: its rule, size, freshness and last proof."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await segments.get_segment(tx, slug)


@post("/segments/count", guards=[http.requires("segments.read")], status_code=200, responses=REFUSALS)
async def count(database: Database, request: Request[Any, Any, Any], mirror: Any, data: Ruled) -> Counted:
    """数一数一条规则有多少会员，不保存。 Count a rule without keeping it."""
    node, at = segments.parsed(data.raw()), data.as_of or clock.now()
    async with database.read(http.caller_of(request).merchant_id) as tx:
        answer = await segments.ask(tx, columns.opened(mirror), [node], at)
    return Counted(count=len(answer.members(node)), total=len(answer.everyone), as_of=at)


@post("/segments/preview", guards=READ, status_code=200, responses=REFUSALS)
async def preview(
    database: Database, request: Request[Any, Any, Any], mirror: Any, data: Tried
) -> previews.Preview:  # fmt: skip
    """预览一条规则，不保存；会员很多时可先要抽样估计。 Preview a rule: count, examples, whom each condition keeps out."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        at = data.as_of or clock.now()
        return await previews.preview(tx, columns.opened(mirror), data.raw(), at, sampled=data.sampled)


@post(
    "/segments/evaluate", guards=READ, status_code=200,
    responses=http.declares(grammar.BadRule, columns.TooMuch, segments.NoSuchSegment, members.BadIdentity, members.NoIdentity),
)  # fmt: skip
async def evaluate(
    database: Database, request: Request[Any, Any, Any], mirror: Any, data: Evaluated
) -> Evaluation:  # fmt: skip
    """一批会员符不符合，现算。 Whether a rule or segment holds for up to 1,000 members, worked out now."""
    at = data.as_of or clock.now()
    people = [members.identities_of(one) for one in data.members]
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await members.resolve(tx, people)
        node = segments.parsed(await _rule(tx, data.segment, data))
        known = sorted({number for number in found if number is not None})
        inside = set((await segments.ask(tx, columns.opened(mirror), [node], at, known)).members(node) if known else ())
    items = [Held(member_id=one, inside=None if one is None else one in inside) for one in found]
    return Evaluation(as_of=at, items=items)


@post(
    "/segments/explain", guards=READ, status_code=200,
    responses=http.declares(
        grammar.BadRule, columns.TooMuch, segments.NoSuchSegment, members.NoSuchMember, members.BadIdentity, members.NoIdentity
    ),
)  # fmt: skip
async def explain(
    database: Database, request: Request[Any, Any, Any], mirror: Any, data: Why
) -> times.Explained:  # fmt: skip
    """一位会员为什么在或不在。 Why a member is in or not: each condition, and when time changes it."""
    at = data.as_of or clock.now()
    async with database.read(http.caller_of(request).merchant_id) as tx:
        [number] = await members.resolve(tx, [members.identities_of(data.member)])
        rule = await _rule(tx, data.segment, data)
        return await times.explain(tx, columns.opened(mirror), rule, number or 0, at)


async def _rule(tx: Any, slug: str | None, data: Ruled) -> Any:
    return data.raw() if slug is None else (await segments.get_segment(tx, slug)).rule


routes = [read_segment, count, preview, evaluate, explain]
