"""Journeys on the console: the list, one journey with its numbers, the editor, the examples, and who travels."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from litestar import Request, get, post, put

from shuke.assets import offers
from shuke.ground import access
from shuke.kit import clock, errors, http, paging
from shuke.kit.db import Database, Tx
from shuke.kit.kinds import Sentence
from shuke.outreach.journeys import actions, queries
from shuke.outreach.journeys.policy import StepPlan
from shuke.outreach.journeys.steps import steps

READ = [http.requires("journeys.read")]
WRITE = [http.requires("journeys.write")]


class NewJourney(msgspec.Struct, forbid_unknown_fields=True):
    """A journey to draft: name, segment and steps; or `example`, which brings its own.

    `again_days`: a member who enters anew takes part again after that many days; 0 each time, null once for ever.
    """

    name: str = ""
    segment: str = ""
    steps: list[StepPlan] = []
    again_days: int | None = None
    example: str | None = None


class ChangedJourney(msgspec.Struct, forbid_unknown_fields=True):
    """A draft as edited."""

    name: str
    segment: str
    steps: list[StepPlan]
    again_days: int | None = None


class Draft(msgspec.Struct, forbid_unknown_fields=True):
    """What to try."""

    segment: str
    steps: list[StepPlan]


class Launch(msgspec.Struct, forbid_unknown_fields=True):
    """How to begin: with those who are inside the segment already, or only with those who enter from now on."""

    start_with_members: bool = False


@get("/journeys", guards=READ)
async def list_journeys(request: Request, database: Database) -> paging.Page:
    """All journeys with their numbers, the newest first."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        found = await queries.journeys(tx)
    return paging.Page(items=found, total=len(found))


@get("/journeys/kinds", guards=READ)
async def step_kinds(request: Request, database: Database) -> dict[str, Any]:
    """The kinds of steps with their forms, and the ready examples."""
    described = [{**kind, "example": {"params": steps.get(kind["code"]).example}} for kind in steps.describe()]
    examples = [
        {
            "code": example.code,
            "name": example.name,
            "description": example.description,
            "segment": {"slug": example.segment.slug, "name": example.segment.name},
            "steps": [queries.shown_step(msgspec.to_builtins(step), _offer_of(example)) for step in example.steps],
        }
        for example in actions.EXAMPLES.values()
    ]
    return {"kinds": described, "examples": examples}


@get("/journeys/{journey_id:int}", guards=READ)
async def get_journey(request: Request, database: Database, journey_id: int) -> dict[str, Any]:
    """One journey with its numbers by day and by step."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        found = await queries.get_journey(tx, journey_id)
        days = await queries.daily(tx, journey_id)
        counts = await queries.outcomes(tx, journey_id)
    told = msgspec.to_builtins(found, builtin_types=(datetime, date))
    return {**told, "daily": days, "outcomes": counts}


@get("/journeys/{journey_id:int}/members", guards=READ)
async def journey_members(
    request: Request, database: Database, journey_id: int, cursor: str | None = None, limit: int | None = None
) -> paging.Page:
    """Who is on the journey, the latest to enter first, with what each step did."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        await queries.get_journey(tx, journey_id)
        return await queries.travellers(tx, journey_id, cursor, limit)


@post("/journeys", guards=WRITE)
async def new_journey(request: Request, database: Database, data: NewJourney) -> queries.Shown:
    """Draft a journey, or install an example as a draft."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        if data.example is not None:
            made = await actions.install_example(tx, data.example, at)
        else:
            made = await actions.create_journey(tx, data.name, data.segment, data.steps, at, data.again_days)
        await access.record(tx, caller, "journey.created", ("journey", made.name), after=_told(made), at=at)
    return made


@post("/journeys/preview", guards=READ, status_code=200)
async def preview_journey(request: Request, database: Database, data: Draft) -> actions.Preview:
    """What a draft would do now; nothing is written."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        return await actions.preview(tx, data.segment, data.steps)


@put("/journeys/{journey_id:int}", guards=WRITE)
async def change_journey(request: Request, database: Database, journey_id: int, data: ChangedJourney) -> queries.Shown:
    """Change a draft; one that was launched only takes a new name."""
    caller = http.caller_of(request)
    async with database.write(caller.merchant_id) as tx:
        before = await queries.get_journey(tx, journey_id)
        changed = await actions.edit_journey(tx, journey_id, data.name, data.segment, data.steps, data.again_days)
        await access.record(
            tx, caller, "journey.changed", ("journey", changed.name),
            before=_told(before), after=_told(changed), at=clock.now(),
        )  # fmt: skip
    return changed


@post("/journeys/{journey_id:int}/launch", guards=WRITE, status_code=200)
async def launch_journey(
    request: Request, database: Database, journey_id: int, data: Launch | None = None
) -> queries.Shown:
    """Let it begin; `start_with_members` also takes in those who are inside the segment already."""
    caller = http.caller_of(request)
    at = clock.now()
    start = data is not None and data.start_with_members
    async with database.write(caller.merchant_id) as tx:
        launched = await actions.launch(tx, journey_id, at, start_with_members=start)
        await _noted(tx, caller, "journey.launched", launched, at)
    return launched


@post("/journeys/{journey_id:int}/{how:str}", guards=WRITE, status_code=200)
async def move_journey(request: Request, database: Database, journey_id: int, how: str) -> queries.Shown:
    """Pause, resume or end it."""
    words = {"pause": "journey.paused", "resume": "journey.resumed", "end": "journey.ended"}
    if how not in words:
        raise errors.NotFound(what="page", what_zh="地址")
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        moved = await actions.move(tx, journey_id, how, at)  # type: ignore[arg-type]
        await _noted(tx, caller, words[how], moved, at)
    return moved


async def _noted(tx: Tx, caller: http.Caller, action: str, journey: queries.Shown, at: datetime) -> None:
    await access.record(tx, caller, action, ("journey", journey.name), after={"state": journey.state}, at=at)


def _offer_of(example: Any) -> dict[str, Sentence]:
    """The name of the offer that an example would bring along."""
    terms = example.offer
    return {example.offer_slug: offers.called(terms.name, terms.points, terms.value_fen)}


def _told(journey: queries.Shown) -> dict[str, Any]:
    kept = [{"kind": step.kind, "params": step.params} for step in journey.steps]
    told = {"name": journey.name, "segment": journey.segment.slug, "steps": kept}
    return told if journey.again_days is None else told | {"again_days": journey.again_days}


routes = [
    list_journeys, step_kinds, get_journey, journey_members, new_journey, preview_journey, change_journey,
    launch_journey, move_journey,
]  # fmt: skip
