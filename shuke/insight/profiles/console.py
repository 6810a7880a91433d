"""Profiles on the console: the map of recency and frequency, model cards, distributions, stages of life, what is said of whom."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post, put

from shuke.ground import access, members
from shuke.insight.profiles.actions import scoring
from shuke.insight.profiles.actions import stages as writing
from shuke.insight.profiles.policy.features import FEATURES
from shuke.insight.profiles.policy.stages import READY, BadStage, TooManyStages, clean
from shuke.insight.profiles.queries import cells, features, purchases, stages, told
from shuke.kit import clock, http
from shuke.kit.db import Database

READ = [http.requires("segments.read")]
WRITE = [http.requires("segments.write")]


@get("/profiles", guards=READ)
async def show_profiles(request: Request, database: Database) -> dict[str, Any]:
    """Model cards with calibration and drift, members by cell, and the declared features; as of the last fitting."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return {
            "cards": await told.cards(tx),
            "cells": await cells.cells(tx),
            "features": [msgspec.to_builtins(feature) for feature in FEATURES],
        }


@get("/profiles/cells/{cell:str}", guards=READ, responses=http.declares(cells.NoSuchCell))
async def show_cell(request: Request, database: Database, cell: str) -> cells.Cell:
    """One cell of the map or of a grid (`eleven:champions`), with who stands in it now and the rule of a segment of them."""
    async with database.read(http.caller_of(request).merchant_id) as tx:
        return await cells.cell(tx, cell)


@post("/profiles/refit", guards=WRITE, status_code=202)
async def refit(request: Request, database: Database) -> None:
    """Have all models fitted again, at once in the background."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        await scoring.refit_soon(tx, at)
        await access.record(tx, caller, "profiles.refit", ("profiles", ""), at=at)


@get(
    "/profiles/members/{member_id:int}",
    guards=[*READ, http.requires("members.read")],
    responses=http.declares(members.NoSuchMember),
)
async def show_member(request: Request, database: Database, mirror: Any, member_id: int) -> dict[str, Any]:
    """What models say of a member, each with its reason, and the member's features at this moment."""
    at = clock.now()
    async with database.read(http.caller_of(request).merchant_id) as tx:
        await members.require(tx, member_id)
        scores = await told.of_member(tx, member_id)
        moment = await purchases.moment_of(tx, at)
    values = await features.of_member(mirror, moment, member_id) if mirror is not None else {}
    listed = [
        {"code": one.code, "title": msgspec.to_builtins(one.title), "unit": one.unit, "value": values[one.code]}
        for one in FEATURES
        if one.code in values
    ]
    return {"as_of": at, "scores": scores, "features": listed}


class StageWords(msgspec.Struct, forbid_unknown_fields=True):
    """The words by which the goods of a stage of life are known."""

    words: list[str]


class StageName(msgspec.Struct, forbid_unknown_fields=True):
    """A stage of life by its name."""

    name: str


class NamedStage(msgspec.Struct, forbid_unknown_fields=True):
    """A stage of life as the merchant sees it: its name, and the words by which its goods are known."""

    name: str
    words: list[str]


@get("/profiles/stages", guards=READ)
async def show_stages(request: Request, database: Database, mirror: Any) -> dict[str, Any]:
    """The merchant's stages of life with the goods their words find and how many members bought them; examples to begin with."""
    merchant_id = http.caller_of(request).merchant_id
    async with database.read(merchant_id) as tx:
        listed = await stages.list_stages(tx)
    items = []
    for one in listed:  # at most twelve
        goods, count = await stages.found_goods(mirror, merchant_id, one.words) if mirror is not None else ([], None)
        items.append({"name": one.name, "words": one.words, "goods": goods, "members": count})
    names = {one.name for one in listed}
    return {"items": items, "ready": [msgspec.to_builtins(one) for one in READY if one.name not in names]}


@post("/profiles/stages/try", guards=READ, status_code=200, responses=http.declares(BadStage))
async def try_stage(request: Request, data: StageWords, mirror: Any) -> dict[str, Any]:
    """The goods that these words find, and how many members bought any of them; writes nothing."""
    words = clean("…", data.words).words
    merchant_id = http.caller_of(request).merchant_id
    goods, count = await stages.found_goods(mirror, merchant_id, words) if mirror is not None else ([], None)
    return {"goods": goods, "members": count}


@put("/profiles/stages", guards=WRITE, responses=http.declares(BadStage, TooManyStages))
async def put_stage(request: Request, database: Database, data: NamedStage) -> dict[str, Any]:
    """Write the words of a stage; members are looked at again at once in the background."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await writing.put_stage(tx, data.name, data.words, caller.name, at)
        await scoring.refit_soon(tx, at)
        await access.record(tx, caller, "profiles.stage", ("stage", made.name), after={"words": made.words}, at=at)
    return msgspec.to_builtins(made)


@post("/profiles/stages/remove", guards=WRITE, status_code=204)
async def remove_stage(request: Request, database: Database, data: StageName) -> None:
    """Forget a stage; nobody is in it after the next fitting, which begins at once. Repeatable."""
    caller, at = http.caller_of(request), clock.now()
    async with database.write(caller.merchant_id) as tx:
        if await writing.remove_stage(tx, data.name):
            await scoring.refit_soon(tx, at)
            await access.record(tx, caller, "profiles.stage_removed", ("stage", data.name), at=at)


routes = [show_profiles, show_cell, refit, show_member, show_stages, try_stage, put_stage, remove_stage]
