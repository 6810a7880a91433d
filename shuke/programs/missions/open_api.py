"""The member side of missions, by API key: check in, make a day up, see where a member stands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import QueryParameter
from msgspec import Meta

from shuke.ground import members
from shuke.kit import clock, errors, http
from shuke.kit.db import Database, Tx
from shuke.kit.kinds import Sentence
from shuke.programs.missions.actions import check_in, progress
from shuke.programs.missions.policy import check_in as policy
from shuke.programs.missions.policy import mission as mission_policy
from shuke.programs.missions.queries import check_ins
from shuke.programs.missions.queries import progress as standing

TAKE = [http.requires("missions.take")]
Who = Annotated[dict[str, str], Meta(max_length=9)]


class CheckInBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who checks in, by identity ({"phone": …}); `occurred_at` for a check-in that waited for a network."""

    member: Who
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None


class MakeUpBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whose missed day is made up."""

    member: Who
    day: date


class GivenShape(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was given, in words, and why."""

    kind: str
    words: Sentence
    why: Sentence
    detail: dict[str, Any]


class CheckInAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a check-in. `state`: checked_in, already (nothing moved)."""

    state: str
    member_id: int
    day: date
    streak: int
    given: list[GivenShape]


@post(
    "/missions/check-in",
    status_code=200,
    guards=TAKE,
    responses=http.declares(
        policy.CheckInClosed, policy.ClockAhead, policy.CheckInTooLate, policy.DayClosed, members.NoIdentity,
        members.BadIdentity, members.UnknownIdentity,
    ),
)  # fmt: skip
async def check_in_member(request: Request, database: Database, data: CheckInBody) -> CheckInAnswer:
    """Check a member in · 会员签到. Once per business day: a repeat answers `already` and moves nothing.

    A member nobody knows yet is created, as by an order.
    """
    caller, at = http.caller_of(request), clock.now()
    person = members.identities_of(data.member)

    async def verb(tx: Tx) -> tuple[int, check_in.Verdict]:
        [member_id] = await members.ensure_members(tx, [person], at)
        asked = check_in.CheckIn(member_id=member_id, occurred_at=data.occurred_at or at)
        [verdict] = await check_in.check_in(tx, [asked], at)
        if verdict.refusal is not None:
            raise verdict.refusal
        return member_id, verdict

    return _answer(*await database.attempt(caller.merchant_id, verb))


@post(
    "/missions/make-up",
    status_code=200,
    guards=TAKE,
    responses=http.declares(
        policy.CheckInClosed, check_in.NothingToMakeUp, check_in.NoCard, members.NoIdentity, members.BadIdentity,
        members.UnknownIdentity, members.NoSuchMember,
    ),
)  # fmt: skip
async def make_day_up(request: Request, database: Database, data: MakeUpBody) -> CheckInAnswer:
    """Make a missed day up · 补签. A card pays, without one the price in points; a checked day costs nothing."""
    caller, at = http.caller_of(request), clock.now()
    person = members.identities_of(data.member)

    async def verb(tx: Tx) -> tuple[int, check_in.Verdict]:
        member_id = await known(tx, person)
        return member_id, await check_in.make_up(tx, member_id, data.day, at)

    return _answer(*await database.attempt(caller.merchant_id, verb))


class MissionsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where a member stands: the check-in with this month's calendar, and the missions open to them."""

    member_id: int
    check_in: check_ins.Standing
    missions: list[standing.MemberMission]


@get("/missions", guards=TAKE, responses=http.declares(errors.NotFound, members.BadIdentity, members.UnknownIdentity))
async def member_missions(
    request: Request,
    database: Database,
    member: Annotated[str, QueryParameter(description="number, or identity as kind:value")],
) -> MissionsAnswer:
    """Where a member stands · 会员的签到和任务. `member` is a number or an identity such as `phone:13800138000`."""
    caller, at = http.caller_of(request), clock.now()
    async with database.read(caller.merchant_id) as tx:
        member_id = await named(tx, member)
        checked = await check_ins.standing(tx, member_id, at)
        open_now = await standing.of_member(tx, member_id, at)
    return MissionsAnswer(member_id=member_id, check_in=checked, missions=open_now)


class ClaimBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who claims; `proof` is a text or the address of a picture, `day` names an earlier period."""

    member: Who
    proof: Annotated[str, Meta(max_length=1000)] = ""
    day: date | None = None


class ClaimAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The state after a claim: accepted (rewarded) or in_review."""

    state: str
    member_id: int
    mission_id: int


@post(
    "/missions/{mission_id:int}/claim",
    status_code=200,
    guards=TAKE,
    responses=http.declares(
        errors.NotFound, mission_policy.MissionNotOpen, mission_policy.NotDoneYet, mission_policy.ProofMissing,
        members.NoIdentity, members.BadIdentity, members.UnknownIdentity,
    ),
)  # fmt: skip
async def claim_mission(request: Request, database: Database, mission_id: int, data: ClaimBody) -> ClaimAnswer:
    """Claim a mission that is done · 领取任务奖励. Repeatable: what was claimed answers its state and gives nothing."""
    caller, at = http.caller_of(request), clock.now()
    person = members.identities_of(data.member)

    async def verb(tx: Tx) -> ClaimAnswer:
        member_id = await known(tx, person)
        state = await progress.claim(tx, mission_id, member_id, at, proof=data.proof, day=data.day)
        return ClaimAnswer(state=state, member_id=member_id, mission_id=mission_id)

    return await database.attempt(caller.merchant_id, verb)


async def named(tx: Tx, text: str) -> int:
    """The member of a number or of `kind:value`; refuses strangers."""
    if text.isdigit():
        await members.require(tx, int(text))
        return int(text)
    kind, _, value = text.partition(":")
    return await known(tx, members.identities_of({kind: value}))


async def known(tx: Tx, person: dict[str, str]) -> int:
    """The member of these identities; refuses strangers."""
    [member_id] = await members.resolve(tx, [person])
    if member_id is None:
        raise errors.NotFound(what="member", what_zh="会员", field="member")
    return member_id


def _answer(member_id: int, verdict: check_in.Verdict) -> CheckInAnswer:
    assert verdict.day is not None
    given = [
        GivenShape(kind=one["kind"], words=Sentence(**one["words"]), why=Sentence(**one["why"]), detail=one["detail"])
        for one in verdict.given
        if one["state"] != "refused"
    ]
    return CheckInAnswer(state=verdict.state, member_id=member_id, day=verdict.day, streak=verdict.streak, given=given)


routes = [check_in_member, make_day_up, member_missions, claim_mission]
