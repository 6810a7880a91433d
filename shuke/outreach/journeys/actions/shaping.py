"""Verbs that make a journey and move it between its states."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from shuke.assets import offers
from shuke.insight import segments
from shuke.kit import errors, jobs
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.outreach.journeys import models, policy, queries
from shuke.outreach.journeys.policy import StepPlan
from shuke.outreach.journeys.steps import steps


class BadName(errors.Refused):
    """A journey needs a name of at most 60 characters."""

    code = "bad_name"
    http_status = 422
    zh = "请给自动化起个名字，不超过 60 个字。"
    cure = "Give it a name."
    cure_zh = "请填写名称。"


async def create_journey(
    tx: Tx, name: str, segment: str, plan: Sequence[StepPlan], at: datetime, again_days: int | None = None
) -> queries.Shown:
    """Draft a journey; refuses an unknown segment, unknown kinds of steps and parameters that do not fit.

    `again_days`: after how many of the merchant's dates a member who enters the segment anew takes part again; 0 each time,
    None never.
    """
    _named(name)
    policy.checked_again(again_days)
    await segments.get_segment(tx, segment)
    _typed(plan)
    [journey_id] = await tx.fresh_ids(1)
    row = {
        "journey_id": journey_id, "name": name.strip(), "state": "draft", "segment_slug": segment,
        "steps": msgspec.to_builtins(plan), "created_at": at, "again_days": again_days,
    }  # fmt: skip
    await tx.insert(models.Journey, [row])
    return await queries.get_journey(tx, journey_id)


async def edit_journey(
    tx: Tx, journey_id: int, name: str, segment: str, plan: Sequence[StepPlan], again_days: int | None = None
) -> queries.Shown:
    """Change a draft; a journey that was launched only takes a new name. Refuses what `create_journey` refuses."""
    _named(name)
    policy.checked_again(again_days)
    found = await queries.get_journey(tx, journey_id)
    kept = [StepPlan(step.kind, step.params) for step in found.steps]
    asked, now = (segment, list(plan), again_days), (found.segment.slug, kept, found.again_days)
    if found.state != "draft" and asked != now:
        raise policy.AlreadyLaunched(field="steps")
    await segments.get_segment(tx, segment)
    _typed(plan)
    await tx.run(
        "update journey set name = %(name)s, segment_slug = %(segment)s, steps = %(steps)s::jsonb, "
        "again_days = %(again_days)s "
        "where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s",
        journey_id=journey_id, name=name.strip(), segment=segment, steps=msgspec.json.encode(plan).decode(),
        again_days=again_days,
    )  # fmt: skip
    return await queries.get_journey(tx, journey_id)


def _named(name: str) -> None:
    if not 1 <= len(name.strip()) <= 60:
        raise BadName(field="name")


def _typed(plan: Sequence[StepPlan]) -> list[Any]:
    policy.counted(plan)
    return [steps.parameters(step.kind, step.params) for step in plan]


async def launch(tx: Tx, journey_id: int, at: datetime, *, start_with_members: bool = False) -> queries.Shown:
    """Let the journey begin: whoever enters the segment from now on takes its steps.

    `start_with_members` also takes in those who are inside already. Refuses a journey whose segment is in error or
    whose steps could not work (an offer that has ended, a text that cannot be shown).
    """
    found = await queries.get_journey(tx, journey_id)
    state = policy.moved(found.state, "launch")
    await segments.get_segment(tx, found.segment.slug)
    for step, params in zip(found.steps, _typed([StepPlan(s.kind, s.params) for s in found.steps]), strict=True):
        await steps.get(step.kind).check(tx, params)
    await _set_state(tx, found, state, at)
    if start_with_members:
        run = {"journey_id": journey_id, "refresh_id": 0, "state": "waiting", "created_at": at}
        await tx.insert(models.JourneyRun, [run], conflict="ignore")
    return await queries.get_journey(tx, journey_id)


async def move(tx: Tx, journey_id: int, how: Literal["pause", "resume", "end"], at: datetime) -> queries.Shown:
    """Pause, resume or end a journey; refuses what its state does not allow.

    A paused journey stops before the next action; its members go on where they stopped when it is resumed. Who entered
    the segment during the pause is not taken in.
    """
    found = await queries.get_journey(tx, journey_id)
    await _set_state(tx, found, policy.moved(found.state, how), at)
    return await queries.get_journey(tx, journey_id)


async def discard(tx: Tx, journey_id: int) -> None:
    """Delete a draft; refuses `WrongState` for a journey that was launched, whose figures stay."""
    found = await queries.get_journey(tx, journey_id)
    policy.moved(found.state, "launch")
    await tx.run(
        "delete from journey where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s and state = 'draft'",
        journey_id=journey_id,
    )


async def _set_state(tx: Tx, found: queries.Shown, state: str, at: datetime) -> None:
    changed = await tx.run(
        "update journey set state = %(state)s, launched_at = coalesce(launched_at, "
        "case when %(state)s = 'live' then %(at)s::timestamptz end) "
        "where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s and state = %(before)s",
        state=state, at=at, journey_id=found.journey_id, before=found.state,
    )  # fmt: skip
    if changed != 1:
        raise policy.WrongState(state="being changed", state_zh="正在被别人修改", move=state)
    await jobs.wake(tx, policy.WORK, at)


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft would do now: how many are inside the segment, the steps in words, and what to look at."""

    members: int
    steps: list[queries.ShownStep]
    warnings: list[Sentence]


async def preview(tx: Tx, segment: str, plan: Sequence[StepPlan]) -> Preview:
    """What a draft would do; nothing is written. Refuses what `create_journey` refuses."""
    found = await segments.get_segment(tx, segment)
    warnings: list[Sentence] = []
    typed = _typed(plan)
    for step, params in zip(plan, typed, strict=True):
        try:
            await steps.get(step.kind).check(tx, params)
        except errors.Refused as refusal:
            warnings.append(Sentence(zh=refusal.message_zh, en=refusal.message_en))
    if not found.count:
        warnings.append(Sentence(zh="这个分群现在没有会员。", en="There is nobody in this segment at present."))
    kinds = [step.kind for step in plan]
    if "send_message" in kinds and "give_offer" in kinds[kinds.index("send_message") :]:
        words = Sentence(
            zh="消息排在发放之前：会员看到消息时还没拿到积分抵现，{expires} 也填不出它的到期时间。",
            en="The message comes before the offer: {expires} cannot tell when the offer ends.",
        )
        warnings.append(words)
    called = await offers.names(tx)
    shown = [queries.shown_step(msgspec.to_builtins(step), called) for step in plan]
    return Preview(members=found.count or 0, steps=shown, warnings=warnings)
