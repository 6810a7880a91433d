"""Journeys by API key: which there are and what came of them, pausing and ending one, letting a member in and taking one off."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import get, post

from shuke.ground import access, members
from shuke.kit import clock, errors, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller
from shuke.outreach.journeys import actions, policy, queries
from shuke.outreach.journeys.actions import asking

READ = [http.requires("journeys.read")]
WRITE = [http.requires("journeys.write")]
_WORDS = {"pause": "journey.paused", "resume": "journey.resumed", "end": "journey.ended"}


class Journeys(msgspec.Struct, frozen=True):
    """All journeys of the merchant, the newest first."""

    items: list[queries.Shown]


class JourneyFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One journey, how many entered and came back by date, and how its steps came out, as of `as_of`."""

    journey: queries.Shown
    daily: list[queries.Day]
    outcomes: list[queries.OutcomeCount]
    as_of: datetime


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """Who begins, by identity ({"phone": …}); `key` is the sender's own number of this entry, for ever unique."""

    member: Annotated[dict[str, str], msgspec.Meta(max_length=9)]
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class EntryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: entered, already (on it, or took part and may not again), repeated (the key was used before)."""

    state: asking.State
    member_id: int


class OffBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who is taken off, by identity ({"phone": …})."""

    member: Annotated[dict[str, str], msgspec.Meta(max_length=9)]


class OffAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the member was on the journey: stopped, or not_on_it (nothing changed)."""

    state: Literal["stopped", "not_on_it"]
    member_id: int


@get("/journeys", guards=READ)
async def list_journeys(database: Database, caller: Caller) -> Journeys:
    """触达列表，带人数。 The journeys with their figures: who entered, heard, was given something and came back."""
    async with database.read(caller.merchant_id) as tx:
        return Journeys(await queries.journeys(tx))


@get("/journeys/{journey_id:int}", guards=READ, responses=http.declares(errors.NotFound))
async def get_journey(journey_id: int, database: Database, caller: Caller) -> JourneyFigures:
    """一个触达的步骤和成效。 One journey with its steps in words and its figures by date and by step."""
    async with database.read(caller.merchant_id) as tx:
        return JourneyFigures(
            journey=await queries.get_journey(tx, journey_id), daily=await queries.daily(tx, journey_id),
            outcomes=await queries.outcomes(tx, journey_id), as_of=clock.now(),
        )  # fmt: skip


@post(
    "/journeys/{journey_id:int}/members",
    guards=WRITE,
    status_code=200,
    responses=http.declares(
        errors.NotFound, asking.NotLive, asking.NotInside, asking.EntryOfAnother, members.NoIdentity, members.BadIdentity,
        members.UnknownIdentity,
    ),
)  # fmt: skip
async def enter_journey(journey_id: int, database: Database, caller: Caller, data: Entry) -> EntryAnswer:
    """让一位会员进入触达，同一编号只进一次。 Let a member of the journey's segment begin, once per key.

    How often somebody may take part is the journey's own rule, as for those whom the segment lets in.
    """
    person, at = members.identities_of(data.member), clock.now()

    async def verb(tx: Tx) -> EntryAnswer:
        member_id = await _member(tx, journey_id, person)
        return EntryAnswer(state=await asking.enter(tx, journey_id, member_id, data.key, at), member_id=member_id)

    return await database.attempt(caller.merchant_id, verb)


@post(
    "/journeys/{journey_id:int}/members/stop",
    guards=WRITE,
    status_code=200,
    responses=http.declares(errors.NotFound, members.NoIdentity, members.BadIdentity, members.UnknownIdentity),
)
async def stop_member(journey_id: int, database: Database, caller: Caller, data: OffBody) -> OffAnswer:
    """让一位会员退出触达，已经给的不收回。 Take a member off before the next step; what was given stays. Repeatable."""
    person, at = members.identities_of(data.member), clock.now()

    async def verb(tx: Tx) -> OffAnswer:
        member_id = await _member(tx, journey_id, person)
        stopped = await asking.stop(tx, journey_id, member_id, at)
        return OffAnswer(state="stopped" if stopped else "not_on_it", member_id=member_id)

    return await database.attempt(caller.merchant_id, verb)


@post(
    "/journeys/{journey_id:int}/{how:str}",
    guards=WRITE,
    status_code=200,
    responses=http.declares(errors.NotFound, policy.WrongState),
)
async def move_journey(journey_id: int, how: str, database: Database, caller: Caller) -> queries.Shown:
    """暂停（pause）、恢复（resume）或结束（end）触达。 Pause, resume or end a journey; noted in the audit trail."""
    if how not in _WORDS:
        raise errors.NotFound(what="page", what_zh="地址")
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        moved = await actions.move(tx, journey_id, how, at)  # type: ignore[arg-type]
        after = {"state": moved.state}
        await access.record(tx, caller, _WORDS[how], ("journey", moved.name), after=after, at=at)
    return moved


async def _member(tx: Tx, journey_id: int, person: dict[str, str]) -> int:
    """The member of these identities; refuses an unknown journey first, then a stranger."""
    await queries.get_journey(tx, journey_id)
    [member_id] = await members.resolve(tx, [person])
    if member_id is None:
        raise errors.NotFound(what="member", what_zh="会员")
    return member_id


routes = [list_journeys, get_journey, enter_journey, stop_member, move_journey]
