"""Verbs that make missions: draft, change, publish, pause, end."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from shuke.assets import rewards
from shuke.kit.db import Tx
from shuke.programs.missions import models
from shuke.programs.missions.policy import mission as policy
from shuke.programs.missions.policy.mission import MissionPlan, Period
from shuke.programs.missions.queries import progress

Move = Literal["publish", "pause", "resume", "end"]


class MissionDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mission as it is written: name, how often it can be done, what is to be done and what it gives, until when."""

    name: str
    period: Period
    plan: MissionPlan
    ends_at: datetime | None = None


async def create_mission(tx: Tx, draft: MissionDraft, at: datetime) -> progress.Shown:
    """Make a draft; refuses what is not right and rewards that could not be given."""
    await _check(tx, draft)
    [mission_id] = await tx.fresh_ids(1)
    row = {
        "mission_id": mission_id, "name": draft.name.strip(), "period": draft.period,
        "plan": msgspec.to_builtins(draft.plan), "created_at": at, "ends_at": draft.ends_at,
    }  # fmt: skip
    await tx.insert(models.Mission, [row])
    return await progress.get_mission(tx, mission_id)


async def edit_mission(tx: Tx, mission_id: int, draft: MissionDraft) -> progress.Shown:
    """Change a draft; of a published mission only name and end, what members see is what they get."""
    found = await progress.get_mission(tx, mission_id)
    if found.state != "draft" and (draft.plan != found.plan or draft.period != found.period):
        raise policy.MissionFrozen(field="plan")
    await _check(tx, draft)
    await tx.run(
        "update mission set name = %(name)s, period = %(period)s, plan = %(plan)s::jsonb, ends_at = %(ends_at)s "
        "where merchant_id = %(merchant_id)s and mission_id = %(mission_id)s",
        mission_id=mission_id, name=draft.name.strip(), period=draft.period, ends_at=draft.ends_at,
        plan=msgspec.json.encode(draft.plan).decode(),
    )  # fmt: skip
    return await progress.get_mission(tx, mission_id)


async def _check(tx: Tx, draft: MissionDraft) -> None:
    policy.check_plan(draft.name, draft.plan)
    progress.typed(draft.plan)
    await rewards.check(tx, draft.plan.rewards)


async def move_mission(tx: Tx, mission_id: int, move: Move, at: datetime) -> progress.Shown:
    """Publish, pause, resume or end a mission; refuses what its state does not allow.

    What members do counts from the publication; during a pause nothing counts.
    """
    found = await progress.get_mission(tx, mission_id)
    state = policy.moved(found.state, move)
    if move == "publish":
        await rewards.check(tx, found.plan.rewards)
    changed = await tx.run(
        "update mission set state = %(state)s, published_at = coalesce(published_at, "
        "case when %(state)s = 'live' then %(at)s::timestamptz end) "
        "where merchant_id = %(merchant_id)s and mission_id = %(mission_id)s and state = %(before)s",
        state=state, at=at, mission_id=mission_id, before=found.state,
    )  # fmt: skip
    if changed != 1:
        raise policy.WrongMove(state="being changed", state_zh="正在被别人修改", move=move)
    return await progress.get_mission(tx, mission_id)
