"""Ladders on the console: shape them, see who would move, and a member's standing with what staff may do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post, put
from msgspec import Meta

from shuke.assets import rewards
from shuke.ground import access, members, tenancy
from shuke.kit import clock, durations, errors, http, kinds
from shuke.kit.db import Database, Tx
from shuke.kit.kinds import Sentence
from shuke.programs.tiers.actions import shaping, standing
from shuke.programs.tiers.benefits import benefits, of_level, sentences
from shuke.programs.tiers.policy import MAIN, BadLadder, Benefit, Ladder, Level, Terms
from shuke.programs.tiers.queries import ladders as queries
from shuke.programs.tiers.queries import moving, standings
from shuke.programs.tiers.queries.standings import ChangeShape, GiftShape, TierShape

READ = [http.requires("points.read")]
WRITE = [http.requires("tiers.write")]
_REFUSALS = (
    BadLadder,
    shaping.LevelInUse,
    durations.BadDuration,
    kinds.BadParameters,
    kinds.UnknownKind,
    errors.NotFound,
)


class LevelBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One rung. `threshold` is in the unit of what the ladder counts: fen, points, orders or days. `multiplier` 2 doubles."""

    level: int
    name: str
    threshold: int
    multiplier: Decimal = Decimal(1)
    name_en: str = ""
    benefits: list[Benefit] = []


class LadderBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A ladder as it is to be: its terms and all rungs, lowest first."""

    name: str
    name_en: str = ""
    terms: Terms = Terms()
    levels: list[LevelBody]


class PreviewBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A draft to look at; without `ladder_id` a further ladder."""

    ladder_id: int | None = None
    draft: LadderBody


class RungShown(msgspec.Struct, frozen=True, kw_only=True):
    """One rung, what it brings (as data and in words), and how many members stand on it."""

    level: int
    name: str
    name_en: str
    threshold: int
    multiplier: float
    benefits: list[Benefit]
    words: list[Sentence]
    members: int


class LadderShown(msgspec.Struct, frozen=True, kw_only=True):
    """A ladder as it is now; 0 is the main one."""

    ladder_id: int
    version: int
    name: str
    name_en: str
    terms: Terms
    levels: list[RungShown]
    published_at: datetime
    published_by: str


class LaddersShown(msgspec.Struct, frozen=True, kw_only=True):
    """All ladders, and the kinds of benefits and rewards that a form is drawn from."""

    items: list[LadderShown]
    benefits: list[dict[str, Any]]
    rewards: list[dict[str, Any]]


class MemberTiers(msgspec.Struct, frozen=True, kw_only=True):
    """Where a member stands on every ladder, how they came there, and what it brought."""

    standings: list[TierShape]
    changes: list[ChangeShape]
    gifts: list[GiftShape]


class ByHandBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A level for a member by hand; `until` none for good. The note says why."""

    ladder_id: int = MAIN
    level: int
    until: Annotated[datetime, Meta(tz=True)] | None = None
    note: Annotated[str, Meta(min_length=1, max_length=200)]


class BackBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """On which ladder a level given by hand is taken back."""

    ladder_id: int = MAIN


@get("/tiers", guards=READ)
async def get_tiers(request: Request, database: Database) -> LadderShown:
    """The main ladder, with how many members stand on each rung: for choosing one."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        return await _shown(tx, await queries.main(tx))


@get("/tiers/ladders", guards=READ)
async def list_ladders(request: Request, database: Database) -> LaddersShown:
    """Every ladder with what its levels bring and how many members stand on each."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        items = [await _shown(tx, one) for one in await queries.ladders(tx)]
    return LaddersShown(items=items, benefits=benefits.describe(), rewards=rewards.kinds.describe())


@post("/tiers/ladders", guards=WRITE, responses=http.declares(*_REFUSALS))
async def create_ladder(request: Request, database: Database, data: LadderBody) -> LadderShown:
    """Open a further ladder. It is played from the beginning of the members' history, within moments."""
    return await _publish(request, database, None, data)


@put("/tiers/ladders/{ladder_id:int}", guards=WRITE, responses=http.declares(*_REFUSALS))
async def put_ladder(request: Request, database: Database, ladder_id: int, data: LadderBody) -> LadderShown:
    """Publish a new version of a ladder. Nobody is demoted: members keep their level to the end of its period."""
    return await _publish(request, database, ladder_id, data)


async def _publish(request: Request, database: Database, ladder_id: int | None, data: LadderBody) -> LadderShown:
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = None if ladder_id is None else msgspec.to_builtins(await _plain(tx, ladder_id))
        done = await shaping.publish(tx, _draft(data), ladder_id, at, caller.name)
        after = msgspec.to_builtins(await _plain(tx, done.ladder_id))
        await access.record(tx, caller, "tiers.changed", ("tiers", done.ladder_id), before=before, after=after, at=at)
        return await _shown(tx, done)


async def _plain(tx: Tx, ladder_id: int) -> dict[str, Any]:
    now = await queries.get_ladder(tx, ladder_id)
    return {"name": now.name, "terms": now.terms, "levels": list(now.levels)}


@post(
    "/tiers/ladders/{ladder_id:int}/end",
    guards=WRITE,
    status_code=204,
    responses=http.declares(shaping.MainLadderStays, errors.NotFound),
)
async def end_ladder(request: Request, database: Database, ladder_id: int) -> None:
    """End a further ladder: its levels are shown no more and bring nothing; what was given stays."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = msgspec.to_builtins(await _plain(tx, ladder_id))
        await shaping.end_ladder(tx, ladder_id, at, caller.name)
        await access.record(tx, caller, "tiers.changed", ("tiers", ladder_id), before=before, at=at)


@post("/tiers/preview", guards=WRITE, status_code=200, responses=http.declares(*_REFUSALS))
async def preview_ladder(request: Request, database: Database, data: PreviewBody) -> moving.Preview:
    """Who would move if this were published: members by rung, with examples; nothing is written."""
    caller, at = http.caller_of(request), clock.now()
    draft = shaping.tidy(_draft(data.draft))
    shaping.check_draft(draft, data.ladder_id)
    async with database.read(caller.merchant_id) as tx:
        if data.ladder_id is None:
            as_ladder = Ladder(-1, 1, draft.name, "", draft.terms, draft.levels, "live", shaping.BEGINNING, at)
            return await moving.of_played(tx, as_ladder, [], at)
        now = await queries.get_ladder(tx, data.ladder_id)
        if draft.terms.by == now.terms.by:
            day = standings.day_of(at, await tenancy.get_merchant(tx))
            return await moving.of_stored(tx, now, draft.terms, draft.levels, day)
        versions = (await queries.versions(tx))[data.ladder_id]
        fresh = replace(
            now, version=now.version + 1, terms=draft.terms, levels=draft.levels, from_at=at, published_at=at
        )
        return await moving.of_played(tx, fresh, versions, at)


@get("/members/{member_id:int}/tiers", guards=READ, responses=http.declares(members.NoSuchMember))
async def member_tiers(member_id: int, request: Request, database: Database) -> MemberTiers:
    """A member on every ladder: level, how far to the next, what it brings; the history and the gifts."""
    caller, at = http.caller_of(request), clock.now()
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return await _member(tx, member_id, at)


@post(
    "/members/{member_id:int}/tier",
    guards=WRITE,
    status_code=200,
    responses=http.declares(members.NoSuchMember, errors.NotFound, standing.NotHigher, standing.EndPassed),
)
async def give_tier(member_id: int, request: Request, database: Database, data: ByHandBody) -> MemberTiers:
    """Give a member a higher level by hand, until an end or for good; what they earn goes on beneath it."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        place = (data.ladder_id, data.level)
        await standing.give_level(tx, member_id, place, data.until, at, note=data.note.strip(), by=caller.name)
        after = msgspec.to_builtins(data)
        await access.record(tx, caller, "member.tier_given", ("member", member_id), after=after, at=at)
        return await _member(tx, member_id, at)


@post(
    "/members/{member_id:int}/tier/back",
    guards=WRITE,
    status_code=200,
    responses=http.declares(members.NoSuchMember, errors.NotFound, standing.NothingByHand),
)
async def take_tier_back(member_id: int, request: Request, database: Database, data: BackBody) -> MemberTiers:
    """End what was given by hand: the member is back where they came themselves."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        await standing.take_level_back(tx, member_id, data.ladder_id, at, by=caller.name)
        await access.record(tx, caller, "member.tier_taken_back", ("member", member_id), at=at)
        return await _member(tx, member_id, at)


async def _member(tx: Tx, member_id: int, at: datetime) -> MemberTiers:
    day = standings.day_of(at, await tenancy.get_merchant(tx))
    return MemberTiers(
        standings=(await standings.standings_everywhere(tx, [member_id], day))[member_id],
        changes=await standings.changes_of(tx, member_id), gifts=await standings.gifts_of(tx, member_id),
    )  # fmt: skip


async def _shown(tx: Tx, one: Ladder) -> LadderShown:
    counts = await queries.members_by_level(tx, one.ladder_id)
    everybody = queries.with_everybody(one.levels, counts, await members.count_members(tx))
    return LadderShown(
        ladder_id=one.ladder_id, version=one.version, name=one.name, name_en=one.name_en, terms=one.terms,
        published_at=one.published_at, published_by=one.published_by,
        levels=[
            RungShown(
                level=rung.level, name=rung.name, name_en=rung.name_en, threshold=rung.threshold,
                multiplier=rung.multiplier_percent / 100, benefits=of_level(rung), words=sentences(rung),
                members=everybody[rung.level],
            )
            for rung in one.levels
        ],
    )  # fmt: skip


def _draft(body: LadderBody) -> shaping.LadderDraft:
    levels = [_level(one) for one in body.levels]
    return shaping.LadderDraft(name=body.name, name_en=body.name_en, terms=body.terms, levels=levels)


def _level(body: LevelBody) -> Level:
    percent = body.multiplier * 100
    if percent != int(percent):
        raise BadLadder(
            field="levels", reason="multipliers have at most two decimals", reason_zh="积分倍数最多两位小数"
        )
    name, name_en = body.name.strip(), body.name_en.strip()
    return Level(body.level, name, body.threshold, int(percent), name_en, tuple(body.benefits))


routes = [
    get_tiers, list_ladders, create_ladder, put_ladder, end_ladder, preview_ladder, member_tiers, give_tier, take_tier_back,
]  # fmt: skip
