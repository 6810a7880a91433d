"""Referrals on the console: the plan, relations, the queue for staff, the leaderboard, and a member's tree."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import get, post, put
from litestar.params import QueryParameter

from shuke.assets import rewards
from shuke.ground import access, members
from shuke.kit import clock, errors, http, kinds, paging, qr
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller
from shuke.kit.kinds import Sentence
from shuke.programs.referrals.actions import attributing, settling, shaping
from shuke.programs.referrals.policy import plan as policy
from shuke.programs.referrals.policy import relation as relation_policy
from shuke.programs.referrals.queries import boards, plans, relations, trees

READ = [http.requires("referrals.read")]
WRITE = [http.requires("referrals.write")]
REVIEW = [http.requires("referrals.review")]
States = Literal["waiting", "ordered", "rewarded", "taken_back", "refused", "void"]


class PlanShown(msgspec.Struct, frozen=True, kw_only=True):
    """The plan in force with how many stand where; `version` 0 before the first publication, with defaults to begin from."""

    version: int
    state: str
    plan: policy.Plan
    sentence: Sentence
    published_at: datetime | None
    published_by: str
    counts: dict[str, int]
    rewards: list[dict[str, Any]]


class PublishedPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan to publish; `paused` closes referrals."""

    plan: policy.Plan
    state: Literal["live", "paused"] = "live"


class PlanPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan says, and how many points one friend costs."""

    sentence: Sentence
    points_for_a_friend: int


@get("/referrals", guards=READ)
async def get_referrals(database: Database, caller: Caller) -> PlanShown:
    """The plan of referrals in force, in words, and how many relations stand where."""
    async with database.read(caller.merchant_id) as tx:
        return await _shown(tx)


async def _shown(tx: Tx) -> PlanShown:
    newest = next(iter(await plans.versions(tx)), None)
    plan = newest.plan if newest else policy.Plan()
    return PlanShown(
        version=newest.version if newest else 0, state=newest.state if newest else "none", plan=plan,
        sentence=policy.told(plan), published_at=newest.published_at if newest else None,
        published_by=newest.published_by if newest else "", counts=await relations.counts(tx),
        rewards=rewards.kinds.describe(),
    )  # fmt: skip


@put(
    "/referrals",
    guards=WRITE,
    responses=http.declares(policy.BadReferralPlan, kinds.UnknownKind, kinds.BadParameters, errors.NotFound),
)
async def put_referrals(data: PublishedPlan, database: Database, caller: Caller) -> PlanShown:
    """Publish a new version of the plan; who was brought before keeps what was promised then."""
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await shaping.publish(tx, data.plan, data.state, caller.name, at)
        after = {"version": made.version, "state": made.state, "plan": msgspec.to_builtins(made.plan)}
        await access.record(tx, caller, "referrals.published", ("referrals", "plan"), after=after, at=at)
        return await _shown(tx)


@post("/referrals/preview", status_code=200, guards=READ, responses=http.declares(policy.BadReferralPlan))
async def preview_referrals(data: policy.Plan, database: Database, caller: Caller) -> PlanPreview:
    """A plan in words, and what one friend costs; nothing is written."""
    policy.check_plan(data)
    async with database.read(caller.merchant_id) as tx:
        await rewards.check(tx, policy.promised(data))
    both = [*data.referrer_rewards, *data.friend_rewards]
    cost = sum(int(one.params.get("points", 0)) for one in both if one.kind == "points")
    return PlanPreview(sentence=policy.told(data), points_for_a_friend=cost)


@get("/referrals/relations", guards=READ)
async def list_relations(
    database: Database, caller: Caller,
    only: Annotated[States | None, QueryParameter(name="state")] = None,
    cursor: str | None = None, limit: int | None = None,
) -> paging.Page:  # fmt: skip
    """Who brought whom, the latest first; all, or those of one state."""
    async with database.read(caller.merchant_id) as tx:
        return await relations.list_relations(tx, cursor, paging.limited(limit), only)


@get("/referrals/reviews", guards=REVIEW)
async def list_reviews(
    database: Database, caller: Caller, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """What looks strange and waits for a person, the oldest first."""
    async with database.read(caller.merchant_id) as tx:
        return await relations.to_review(tx, cursor, paging.limited(limit))


class ReferralDecisions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was decided, for up to 200 relations at once."""

    decisions: Annotated[list[settling.Decision], msgspec.Meta(min_length=1, max_length=200)]


class ReferralsDecided(msgspec.Struct, frozen=True, kw_only=True):
    """How many were decided; the others had been decided by somebody else."""

    decided: int


@post("/referrals/reviews", status_code=200, guards=REVIEW, responses=http.declares(relation_policy.ReasonNeeded))
async def decide_reviews(data: ReferralDecisions, database: Database, caller: Caller) -> ReferralsDecided:
    """Accept relations, which then go on like any other, or refuse them with a reason; refused ones are never rewarded."""
    at = clock.now()

    async def verb(tx: Tx) -> int:
        count = await settling.decide(tx, data.decisions, caller.name, at)
        if count:
            told = {"count": count, "decisions": msgspec.to_builtins(data.decisions)}
            await access.record(tx, caller, "referrals.reviewed", ("referrals", "reviews"), after=told, at=at)
        return count

    return ReferralsDecided(decided=await database.attempt(caller.merchant_id, verb))


@get("/referrals/leaderboard", guards=READ)
async def leaderboard(
    database: Database, caller: Caller, period: Literal["week", "month", "all"] = "month", on: date | None = None
) -> boards.Board:
    """The board of the week or month that a day (default: today) belongs to, or of all time, with the prizes given."""
    async with database.read(caller.merchant_id) as tx:
        return await boards.board(tx, period, on or await plans.today(tx, clock.now()))


class MemberReferrals(msgspec.Struct, frozen=True, kw_only=True):
    """A member's code, link and picture, who brought them, and the tree below."""

    code: str | None
    link: str | None
    picture: str | None
    brought_by: relations.Shown | None
    tree: trees.Tree


@get("/members/{member_id:int}/referrals", guards=READ, responses=http.declares(members.NoSuchMember))
async def member_tree(database: Database, caller: Caller, member_id: int) -> MemberReferrals:
    """A member in the tree of referrals: who stands above, the friends they brought, their code and its picture."""
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        return await _member(tx, member_id)


async def _member(tx: Tx, member_id: int) -> MemberReferrals:
    code = (await plans.codes_of(tx, [member_id])).get(member_id)
    newest = next(iter(await plans.versions(tx)), None)
    link = policy.address(newest.plan, code) if newest and code else None
    brought = [one for one in await relations.of_friends(tx, [member_id]) if one.state != "void"]
    shown = await relations.shown(tx, brought)
    return MemberReferrals(
        code=code, link=link, picture=qr.inline(link or code) if code else None,
        brought_by=shown[0] if shown else None, tree=await trees.tree(tx, member_id),
    )  # fmt: skip


@post(
    "/members/{member_id:int}/referral-code",
    status_code=200,
    guards=READ,
    responses=http.declares(members.NoSuchMember),
)
async def make_code(database: Database, caller: Caller, member_id: int) -> MemberReferrals:
    """Give a member their personal code, if they have none; repeatable."""
    at = clock.now()

    async def verb(tx: Tx) -> MemberReferrals:
        await members.require(tx, member_id)
        await shaping.ensure_codes(tx, [member_id], at)
        return await _member(tx, member_id)

    return await database.attempt(caller.merchant_id, verb)


class ReferrerBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose code the member showed."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


@post(
    "/members/{member_id:int}/referrer",
    status_code=200,
    guards=[http.requires("members.write")],
    responses=http.declares(
        members.NoSuchMember, relation_policy.NoSuchCode, relation_policy.CannotRefer, policy.ReferralsClosed
    ),
)
async def set_referrer(data: ReferrerBody, database: Database, caller: Caller, member_id: int) -> MemberReferrals:
    """Note at the till who brought a new member; refused like any other referral."""
    at = clock.now()

    async def verb(tx: Tx) -> MemberReferrals:
        await members.require(tx, member_id)
        asked = attributing.Asked(friend_id=member_id, occurred_at=at, code=data.code, how="staff")
        [verdict] = await attributing.attribute(tx, [asked], at)
        if verdict.refusal is not None:
            raise verdict.refusal
        if verdict.state == "noted" and verdict.relation is not None:
            told = {"referrer": verdict.relation.referrer_id, "code": verdict.relation.code}
            await access.record(tx, caller, "referrals.noted", ("member", member_id), after=told, at=at)
        return await _member(tx, member_id)

    return await database.attempt(caller.merchant_id, verb)


routes = [
    get_referrals, put_referrals, preview_referrals, list_relations, list_reviews, decide_reviews, leaderboard,
    member_tree, make_code, set_referrer,
]  # fmt: skip
