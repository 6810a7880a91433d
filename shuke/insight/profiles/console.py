"""Profiles on the console: the map of recency and frequency, model cards, distributions, and what is said of a member."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post

from shuke.ground import access, members
from shuke.insight.profiles.actions import scoring
from shuke.insight.profiles.policy.features import FEATURES
from shuke.insight.profiles.queries import features, purchases, told
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
            "cells": await told.cells(tx),
            "features": [msgspec.to_builtins(feature) for feature in FEATURES],
        }


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


routes = [show_profiles, refit, show_member]
