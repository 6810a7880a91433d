"""Check-in and missions on the console: configure, see counts, a member's calendar, decide on proofs."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post, put
from litestar.params import QueryParameter

from shuke.assets import rewards
from shuke.ground import access, members, tenancy
from shuke.kit import clock, errors, http, kinds, paging
from shuke.kit.db import Database, Tx
from shuke.kit.kinds import Sentence
from shuke.programs.missions.actions import check_in, progress, shaping
from shuke.programs.missions.policy import check_in as policy
from shuke.programs.missions.policy import mission as mission_policy
from shuke.programs.missions.queries import check_ins
from shuke.programs.missions.queries import progress as standing
from shuke.programs.missions.steps import steps

READ = [http.requires("missions.read")]
WRITE = [http.requires("missions.write")]
REVIEW = [http.requires("missions.review")]
DAYS_SHOWN = 30
_DONE = {"publish": "published", "pause": "paused", "resume": "resumed", "end": "ended"}


class CheckInShown(msgspec.Struct, frozen=True, kw_only=True):
    """The check-in in force with how many come; `version` 0 before the first publication, with a plan to begin from."""

    version: int
    state: str
    plan: policy.Plan
    sentence: Sentence
    published_at: datetime | None
    published_by: str
    today: date
    days: list[check_ins.DayCount]
    rewards: list[dict[str, Any]]


class PublishedPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan to publish; `paused` closes the check-in."""

    plan: policy.Plan
    state: Literal["live", "paused"] = "live"


class PlanPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan says, and how many points a member gets who checks in on each of thirty days."""

    sentence: Sentence
    points_in_thirty_days: int


@get("/missions/check-in", guards=READ)
async def get_check_in(request: Request, database: Database) -> CheckInShown:
    """The check-in in force, in words, and how many members checked in on each of the last thirty days."""
    caller, at = http.caller_of(request), clock.now()
    async with database.read(caller.merchant_id) as tx:
        return await _shown(tx, at)


async def _shown(tx: Tx, at: datetime) -> CheckInShown:
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    newest = next(iter(await check_ins.versions(tx)), None)
    first = today - timedelta(days=DAYS_SHOWN - 1)
    came = {one.day: one for one in await check_ins.counts(tx, first)}
    days = [first + timedelta(days=n) for n in range(DAYS_SHOWN)]
    plan = newest.plan if newest else policy.DEFAULT
    return CheckInShown(
        version=newest.version if newest else 0, state=newest.state if newest else "none", plan=plan,
        sentence=policy.told(plan), published_at=newest.published_at if newest else None,
        published_by=newest.published_by if newest else "", today=today,
        days=[came.get(day, check_ins.DayCount(day, 0, 0)) for day in days], rewards=rewards.kinds.describe(),
    )  # fmt: skip


@put(
    "/missions/check-in",
    guards=WRITE,
    responses=http.declares(policy.BadPlan, kinds.UnknownKind, kinds.BadParameters, errors.NotFound),
)
async def put_check_in(request: Request, database: Database, data: PublishedPlan) -> CheckInShown:
    """Publish a new version of the check-in; it holds from now on, what was given stays."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await check_in.publish(tx, data.plan, data.state, caller.name, at)
        after = {"version": made.version, "state": made.state, "plan": msgspec.to_builtins(made.plan)}
        await access.record(tx, caller, "check_in.published", ("missions", "check_in"), after=after, at=at)
        return await _shown(tx, at)


@post("/missions/check-in/preview", status_code=200, guards=READ, responses=http.declares(policy.BadPlan))
async def preview_check_in(request: Request, database: Database, data: policy.Plan) -> PlanPreview:
    """A plan in words and what it costs at the most for each member; nothing is written."""
    policy.check_plan(data)
    async with database.read(http.caller_of(request).merchant_id) as tx:
        await rewards.check(tx, policy.promised(data))
    return PlanPreview(sentence=policy.told(data), points_in_thirty_days=policy.most_points(data, 30))


class BadMonth(errors.Refused):
    """ "{month}" is not a month."""

    code = "bad_month"
    http_status = 422
    zh = "「{month}」不是月份。"
    cure = "Write it as 2026-11."
    cure_zh = "请写成 2026-11 这样。"


class MemberMissions(msgspec.Struct, frozen=True, kw_only=True):
    """A member's check-in calendar of one month, and their missions."""

    check_in: check_ins.Standing
    missions: list[standing.MemberMission]


@get("/members/{member_id:int}/missions", guards=READ, responses=http.declares(members.NoSuchMember, BadMonth))
async def member_calendar(
    request: Request,
    database: Database,
    member_id: int,
    month: Annotated[str | None, QueryParameter(description="2026-11")] = None,
) -> MemberMissions:
    """A member's streak, cards and checked days of a month (default: this one), and where they stand with missions."""
    caller, at = http.caller_of(request), clock.now()
    first = _month(month)
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        checked = await check_ins.standing(tx, member_id, at, first)
        return MemberMissions(check_in=checked, missions=await standing.of_member(tx, member_id, at))


def _month(text: str | None) -> date | None:
    if not text:
        return None
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) or text.startswith("0000"):
        raise BadMonth(field="month", month=text)
    return date.fromisoformat(f"{text}-01")


class MissionList(msgspec.Struct, frozen=True, kw_only=True):
    """All missions, the kinds of steps and rewards to make more, and how many proofs wait."""

    items: list[standing.Shown]
    steps: list[dict[str, Any]]
    rewards: list[dict[str, Any]]
    waiting: int


@get("/missions", guards=READ)
async def list_missions(request: Request, database: Database) -> MissionList:
    """All missions, the newest first, with how many members stand where."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        found = await standing.missions(tx)
    waiting = sum(one.in_review for one in found)
    return MissionList(items=found, steps=steps.describe(), rewards=rewards.kinds.describe(), waiting=waiting)


_REFUSALS = (mission_policy.BadMission, kinds.UnknownKind, kinds.BadParameters, errors.NotFound)


@post("/missions", guards=WRITE, responses=http.declares(*_REFUSALS))
async def new_mission(request: Request, database: Database, data: shaping.MissionDraft) -> standing.Shown:
    """Make a draft of a mission."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await shaping.create_mission(tx, data, at)
        after = msgspec.to_builtins(made.plan)
        await access.record(tx, caller, "mission.created", ("mission", made.name), after=after, at=at)
    return made


@put("/missions/{mission_id:int}", guards=WRITE, responses=http.declares(*_REFUSALS, mission_policy.MissionFrozen))
async def change_mission(
    request: Request, database: Database, mission_id: int, data: shaping.MissionDraft
) -> standing.Shown:
    """Change a draft; of a published mission only the name and the end."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await standing.get_mission(tx, mission_id)
        made = await shaping.edit_mission(tx, mission_id, data)
        await access.record(
            tx, caller, "mission.changed", ("mission", made.name), before=msgspec.to_builtins(before.plan),
            after=msgspec.to_builtins(made.plan), at=at,
        )  # fmt: skip
    return made


@post(
    "/missions/{mission_id:int}/{move:str}",
    status_code=200,
    guards=WRITE,
    responses=http.declares(errors.NotFound, mission_policy.WrongMove),
)
async def move_mission(request: Request, database: Database, mission_id: int, move: str) -> standing.Shown:
    """Publish, pause, resume or end a mission."""
    caller, at = http.caller_of(request), clock.now()
    if move not in _DONE:
        raise errors.NotFound(what="page", what_zh="地址")
    async with database.write(caller.merchant_id) as tx:
        made = await shaping.move_mission(tx, mission_id, move, at)  # type: ignore[arg-type]
        await access.record(tx, caller, f"mission.{_DONE[move]}", ("mission", made.name), at=at)
    return made


@get("/missions/reviews", guards=REVIEW)
async def list_reviews(
    request: Request, database: Database, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """The proofs that wait for a person, the oldest first."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await standing.to_review(tx, cursor, paging.limited(limit))


class Decisions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was decided, for up to 200 proofs at once."""

    decisions: Annotated[list[progress.Decision], msgspec.Meta(min_length=1, max_length=200)]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """How many were decided; the others had been decided by somebody else."""

    decided: int


@post("/missions/reviews", status_code=200, guards=REVIEW, responses=http.declares(mission_policy.ReasonNeeded))
async def decide_reviews(request: Request, database: Database, data: Decisions) -> Decided:
    """Accept or refuse proofs; accepted ones are rewarded at once, refusals carry their reason to the member."""
    caller, at = http.caller_of(request), clock.now()

    async def verb(tx: Tx) -> int:
        count = await progress.decide(tx, data.decisions, caller.name, at)
        if count:
            told = {"count": count, "decisions": msgspec.to_builtins(data.decisions)}
            await access.record(tx, caller, "mission.reviewed", ("missions", "reviews"), after=told, at=at)
        return count

    return Decided(decided=await database.attempt(caller.merchant_id, verb))


routes = [
    get_check_in, put_check_in, preview_check_in, member_calendar, list_missions, new_mission, change_mission,
    move_mission, list_reviews, decide_reviews,
]  # fmt: skip
