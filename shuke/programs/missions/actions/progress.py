"""Verbs of members' progress: count what they do, claim, decide on proofs; set-based."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec

from shuke.assets import points, rewards
from shuke.ground import ingestion, members, tenancy
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.programs.missions import models
from shuke.programs.missions.events import MissionDone
from shuke.programs.missions.policy import mission as policy
from shuke.programs.missions.policy.mission import Live
from shuke.programs.missions.queries import progress
from shuke.programs.missions.queries.progress import Key

_CHANGED = "update:state,counts,proof,reason,given,decided_by,changed_at,claimed_at,decided_at"


@dataclass(slots=True)
class _Step:
    """One member's mission in one period, on its way."""

    mission: Live
    member_id: int
    starts_on: date
    heard: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: list[int] = field(default_factory=list)
    state: str = "open"
    proof: str = ""

    @property
    def key(self) -> Key:
        return self.mission.mission_id, self.member_id, self.starts_on


async def count(tx: Tx, done: Sequence[ingestion.Behaviour], at: datetime) -> int:
    """Count behaviour for the live missions it belongs to and reward what is complete at once; repeatable.

    Each mark (a product, an event) counts once per step and period, so that the same events counted twice change
    nothing. Members are locked like by their orders; the number of statements does not depend on their number. Answers
    how many missions of members moved.
    """
    live = [(one, progress.typed(one.plan)) for one in await progress.live_missions(tx)]
    found: dict[Key, _Step] = {}
    for what in done:
        for one, place, mark in _heard(live, what):
            start = policy.starts_on(one.period, what.day)
            known = found.setdefault((one.mission_id, what.member_id, start), _Step(one, what.member_id, start))
            known.heard[place].append(mark)
    return await _advance(tx, list(found.values()), at)


def _heard(
    live: Sequence[tuple[Live, list[tuple[Any, Any]]]], what: ingestion.Behaviour
) -> Iterator[tuple[Live, int, str]]:
    """For which missions and steps this behaviour counts, and as what."""
    for one, parts in live:
        marks = [kind.mark(params, what) for kind, params in parts] if one.open_at(what.occurred_at) else []
        yield from ((one, place, mark) for place, mark in enumerate(marks) if mark is not None)


async def look_at_profiles(tx: Tx, member_ids: Iterable[int], at: datetime) -> int:
    """Count what members filled in for the live missions that ask for it; repeatable. How many missions moved."""
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    asking = [
        one
        for one in await progress.live_missions(tx)
        if one.open_at(at) and any(kind.code == "profile" for kind, _ in progress.typed(one.plan))
    ]
    tried = [_Step(one, who, policy.starts_on(one.period, today)) for one in asking for who in sorted(set(member_ids))]
    return await _advance(tx, tried, at)


async def look_again(tx: Tx, keys: Sequence[Key], at: datetime) -> int:
    """Reward what is complete by what has counted before, as after a merge; repeatable. How many missions moved."""
    missions = {one.mission_id: one for one in await _all_missions(tx, {key[0] for key in keys}) if one.open_at(at)}
    return await _advance(tx, [_Step(missions[one], who, day) for one, who, day in keys if one in missions], at)


async def _advance(tx: Tx, tried: Sequence[_Step], at: datetime) -> int:
    """Lock, read, count, reward what is complete, write."""
    if not tried:
        return 0
    await points.open_book(tx, {one.member_id for one in tried}, at=at)
    moved = await _counted(tx, tried)
    given = await _reward(tx, [one for one in moved if one.state == "accepted"], at)
    await _write(tx, moved, given, at)
    return len(moved)


async def _counted(tx: Tx, tried: Sequence[_Step]) -> list[_Step]:
    """The open ones among these with what counts now; writes the new marks."""
    states = await progress.states_of(tx, [one.key for one in tried])
    still = [one for one in tried if states.get(one.key, "open") == "open"]
    known = await progress.marks_of(tx, [one.key for one in still])
    filled = await members.filled(tx, {one.member_id for one in still})
    marks: list[dict[str, Any]] = []
    moved = []
    for one in still:
        fresh = _count_one(one, known[one.key], filled.get(one.member_id, set()))
        marks += fresh
        if fresh or one.state != "open":
            moved.append(one)
    await tx.insert(models.MissionMark, marks, conflict="ignore")
    return moved


def _count_one(one: _Step, known: dict[int, set[str]], filled: set[str]) -> list[dict[str, Any]]:
    """Count every step, taking no more marks than it needs; the rows of the new marks."""
    rows = []
    wanted = progress.needed(one.mission.plan)
    for place, (kind, params) in enumerate(progress.typed(one.mission.plan)):
        marks = set(known[place])
        for mark in dict.fromkeys((*one.heard[place], *sorted(kind.marks_of(params, filled)))):
            if mark not in marks and len(marks) < wanted[place]:
                marks.add(mark)
                rows.append(
                    {
                        "mission_id": one.mission.mission_id, "member_id": one.member_id, "starts_on": one.starts_on,
                        "step": place, "mark": mark,
                    }
                )  # fmt: skip
        one.counts.append(len(marks))
    one.state = policy.after_steps(one.mission.plan, one.counts, wanted)
    return rows


async def _reward(tx: Tx, done: Sequence[_Step], at: datetime) -> dict[Key, list[dict[str, Any]]]:
    """Give what these missions promise, each once for ever, and announce it."""
    gifts = [
        (one.key, rewards.Gift(
            member_id=one.member_id, reward=reward, at=at,
            key=f"mission:{one.mission.mission_id}:{one.member_id}:{one.starts_on}:{place}",
            why={"kind": "mission", "mission_id": one.mission.mission_id, "mission": one.mission.name},
        ))
        for one in done
        for place, reward in enumerate(one.mission.plan.rewards)
    ]  # fmt: skip
    given = await rewards.give(tx, [gift for _, gift in gifts])
    told: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for (key, gift), what in zip(gifts, given, strict=True):
        words = what.detail.get("words") or msgspec.to_builtins(rewards.sentence([gift.reward]))
        told[key].append({"state": what.state, "kind": what.kind, "words": words, "detail": what.detail})
    by_mission: dict[int, list[int]] = defaultdict(list)
    for one in done:
        by_mission[one.mission.mission_id].append(one.member_id)
    tx.announce(*(MissionDone(mission_id=number, member_ids=sorted(who)) for number, who in sorted(by_mission.items())))
    return told


async def _write(tx: Tx, moved: Sequence[_Step], given: dict[Key, list[dict[str, Any]]], at: datetime) -> None:
    rows = [
        {
            "mission_id": one.mission.mission_id, "member_id": one.member_id, "starts_on": one.starts_on,
            "state": one.state, "counts": one.counts, "proof": one.proof, "reason": "", "given": given.get(one.key, []),
            "decided_by": "", "changed_at": at, "claimed_at": at if one.state in policy.DONE else None,
            "decided_at": at if one.state == "accepted" else None,
        }
        for one in moved
    ]  # fmt: skip
    await tx.insert(models.MissionProgress, rows, conflict=_CHANGED)


async def claim(
    tx: Tx, mission_id: int, member_id: int, at: datetime, *, proof: str = "", day: date | None = None
) -> str:
    """Claim a mission that is done, of today's period or the one of `day`; answers the new state. Repeatable.

    Where a person must accept it, the claim carries the proof and waits as `in_review`; who was refused may claim again.
    Refuses a mission that is not open, not done, or needs a proof.
    """
    mission = await progress.get_live(tx, mission_id)
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    one = _Step(mission, member_id, policy.starts_on(mission.period, day or today), proof=proof.strip())
    await points.open_book(tx, [member_id], at=at)
    state = (await progress.states_of(tx, [one.key])).get(one.key, "open")
    if state in policy.DONE:
        return state
    if not mission.open_at(at):
        raise policy.MissionNotOpen
    if state == "open":
        await _counted(tx, [one])
    else:
        await _recount(tx, one)
    wanted = progress.needed(mission.plan)
    if not policy.complete(one.counts, wanted):
        zh, en = _missing(one, wanted)
        raise policy.NotDoneYet(missing=en, missing_zh=zh)
    if mission.plan.award == "after_review" and not one.proof:
        raise policy.ProofMissing(field="proof")
    one.state = "in_review" if mission.plan.award == "after_review" else "accepted"
    given = await _reward(tx, [one], at) if one.state == "accepted" else {}
    await _write(tx, [one], given, at)
    return one.state


async def _recount(tx: Tx, one: _Step) -> None:
    known = (await progress.marks_of(tx, [one.key]))[one.key]
    one.counts = [len(known[place]) for place in range(len(one.mission.plan.steps))]


def _missing(one: _Step, wanted: Sequence[int]) -> tuple[str, str]:
    left = [
        (kind.sentence(params), count, want)
        for (kind, params), count, want in zip(progress.typed(one.mission.plan), one.counts, wanted, strict=True)
        if count < want
    ]
    zh = "；".join(f"{words.zh}（{count}/{want}）" for words, count, want in left)
    return zh, "; ".join(f"{words.en} ({count}/{want})" for words, count, want in left)


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's word on one proof; a refusal has its reason."""

    mission_id: int
    member_id: int
    starts_on: date
    accept: bool
    reason: str = ""


_REFUSE = """
update mission_progress p set state = 'refused', reason = r.reason, decided_by = %(by)s, decided_at = %(at)s, changed_at = %(at)s
from json_to_recordset(%(rows)s::json) as r(mission_id bigint, member_id bigint, starts_on date, reason text)
where p.merchant_id = %(merchant_id)s and p.mission_id = r.mission_id and p.member_id = r.member_id
    and p.starts_on = r.starts_on and p.state = 'in_review'
"""
_ACCEPT = """
update mission_progress p set state = 'accepted', given = r.given, decided_by = %(by)s, decided_at = %(at)s, changed_at = %(at)s
from json_to_recordset(%(rows)s::json) as r(mission_id bigint, member_id bigint, starts_on date, given jsonb)
where p.merchant_id = %(merchant_id)s and p.mission_id = r.mission_id and p.member_id = r.member_id
    and p.starts_on = r.starts_on and p.state = 'in_review'
"""


async def decide(tx: Tx, decisions: Sequence[Decision], by: str, at: datetime) -> int:
    """Accept or refuse proofs that wait; accepted ones are rewarded, once. How many were decided; others are left alone.

    Refuses all when a refusal has no reason.
    """
    for place, one in enumerate(decisions):
        if not one.accept and not one.reason.strip():
            raise policy.ReasonNeeded(field="reason", row=place)
    await points.open_book(tx, {one.member_id for one in decisions}, at=at)
    keys = [(one.mission_id, one.member_id, one.starts_on) for one in decisions]
    states = await progress.states_of(tx, keys)
    waiting = [one for one, key in zip(decisions, keys, strict=True) if states.get(key) == "in_review"]
    missions = {one.mission_id: one for one in await _all_missions(tx, {one.mission_id for one in waiting})}
    accepted = [_Step(missions[one.mission_id], one.member_id, one.starts_on) for one in waiting if one.accept]
    given = await _reward(tx, accepted, at)
    rows = [
        {"mission_id": one.mission.mission_id, "member_id": one.member_id, "starts_on": one.starts_on, "given": given[one.key]}
        for one in accepted
    ]  # fmt: skip
    refused = [msgspec.to_builtins(one) for one in waiting if not one.accept]
    if rows:
        await tx.run(_ACCEPT, rows=msgspec.json.encode(rows).decode(), by=by, at=at)
    if refused:
        await tx.run(_REFUSE, rows=msgspec.json.encode(refused).decode(), by=by, at=at)
    return len(waiting)


async def _all_missions(tx: Tx, numbers: Iterable[int]) -> list[Live]:
    wanted = set(numbers)
    return [
        Live(
            mission_id=one.mission_id, name=one.name, period=one.period, state=one.state, plan=one.plan,  # type: ignore[arg-type]
            published_at=one.published_at, ends_at=one.ends_at,
        )
        for one in await progress.missions(tx)
        if one.mission_id in wanted
    ]  # fmt: skip


def _explained(why: dict[str, Any]) -> Sentence:
    return Sentence(f"完成任务「{why['mission']}」", f"Did the mission “{why['mission']}”")


points.explained_by({"mission": _explained})
