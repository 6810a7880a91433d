"""Notices on the console: the plan, what it says, and what went out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from litestar import get, put
from msgspec import Meta

from shuke.ground import access, messaging, tenancy
from shuke.kit import clock, http
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller
from shuke.outreach.notices import actions, policy, queries

SHOWN = timedelta(days=30)


class PlanBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether, how many days before, at which hour and in which words members hear that points run out."""

    on: bool
    days: list[int]
    hour: int
    body: Annotated[str, Meta(min_length=1, max_length=2000)]
    title: Annotated[str, Meta(max_length=50)] = ""
    channel: Literal["auto", "wechat", "sms", "inbox"] = "auto"


class NoticesShown(msgspec.Struct, frozen=True, kw_only=True):
    """The plan, when notices go out next, and the counts of the last thirty days and of tomorrow."""

    as_of: datetime
    plan: policy.Plan
    next_at: datetime | None
    days: list[queries.NoticeDay]


@get("/notices", guards=[http.requires("journeys.read")])
async def show_notices(database: Database, caller: Caller) -> NoticesShown:
    """How members hear that points run out, and what went out."""
    async with database.read(caller.merchant_id) as tx:
        return await _shown(tx)


async def _shown(tx: Tx) -> NoticesShown:
    at = clock.now()
    merchant = await tenancy.get_merchant(tx)
    plan = policy.plan_of(merchant.settings)
    since = clock.business_date(at - SHOWN, merchant.zone, merchant.day_start_minutes)
    upcoming = actions.next_time(plan, merchant, at) if plan.on else None
    return NoticesShown(as_of=at, plan=plan, next_at=upcoming, days=await queries.counted(tx, since))


@put(
    "/notices",
    guards=[http.requires("journeys.write")],
    responses=http.declares(policy.BadDays, policy.BadHour, messaging.UnknownPlaceholder),
)
async def change_notices(data: PlanBody, database: Database, caller: Caller) -> NoticesShown:
    """Announce like this from now on; what was planned for tomorrow is planned anew. On record."""
    at = clock.now()
    wanted = policy.Plan(**{**msgspec.structs.asdict(data), "days": tuple(data.days)})

    async def change(tx: Tx) -> NoticesShown:
        before = await queries.plan(tx)
        plan = await actions.set_plan(tx, wanted, at)
        await actions.forget_planned(tx)
        told = {"before": msgspec.to_builtins(before), "after": msgspec.to_builtins(plan)}
        await access.record(tx, caller, "notices.changed", ("settings", ""), **told, at=at)
        return await _shown(tx)

    return await database.attempt(caller.merchant_id, change)


routes = [show_notices, change_notices]
