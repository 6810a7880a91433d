"""Profiles by API key: what models say of a member, each with its reason, and how well every model does on this merchant."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import get

from shuke.ground import members
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.queries import told
from shuke.kit import http
from shuke.kit.db import Database
from shuke.kit.http import Caller

READ = [http.requires("segments.read"), http.requires("members.read")]


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """What one model says of a member, why, and when that was computed; a rule asks for a score as `profile.<name>`."""

    model: str
    scores: dict[str, int | float | str]
    reason: Words
    computed_at: datetime


class ProfileRead(msgspec.Struct, frozen=True, kw_only=True):
    """All that models say of a member; a model that does not speak at this merchant, or not of them, is left out."""

    member_id: int
    scores: list[Scored]


class ModelRead(msgspec.Struct, frozen=True, kw_only=True):
    """A model at this merchant: `scoring`, or `refused` with the reason; its error on held-out time and the baseline's."""

    model: str
    name: Words
    state: str
    why: Words | None
    members: int
    holdout_days: int
    error: float | None
    baseline_error: float | None
    auc: float | None
    baseline_auc: float | None
    unit: Words | None
    fitted_at: datetime


class Models(msgspec.Struct, frozen=True):
    """The newest card of every model."""

    items: list[ModelRead]


@get("/members/{member_id:int}/profile", guards=READ, responses=http.declares(members.NoSuchMember))
async def profile_of_member(database: Database, caller: Caller, member_id: int) -> ProfileRead:
    """What models say of a member · 会员画像: scores, each with its reason in words and the moment it was computed."""
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        found = await told.of_member(tx, member_id)
    return ProfileRead(member_id=member_id, scores=[msgspec.convert(one, Scored) for one in found])


@get("/profiles", guards=READ)
async def models(database: Database, caller: Caller) -> Models:
    """The models and how well they do here · 画像模型: on time held out, against the simplest guess."""
    async with database.read(caller.merchant_id) as tx:
        cards = await told.cards(tx)
    judged = ("error", "baseline_error", "auc", "baseline_auc")
    return Models([
        msgspec.convert(one | {name: (one["judgement"] or {}).get(name) for name in judged}, ModelRead) for one in cards
    ])  # fmt: skip


routes = [profile_of_member, models]
