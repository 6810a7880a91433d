"""Questions about missions and where members stand with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from shuke.assets import rewards
from shuke.ground import members, tenancy
from shuke.kit import clock, errors, paging
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.programs.missions.policy import mission as policy
from shuke.programs.missions.policy.mission import Live, MissionPlan
from shuke.programs.missions.steps import steps

Key = tuple[int, int, date]
"""Mission, member, first day of the period."""
_MISSION = (
    "select mission_id, name, period, state, plan, created_at, published_at, ends_at from mission "
    "where merchant_id = %(merchant_id)s"
)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A mission as staff see it, with its steps in words and how many members stand where."""

    mission_id: int
    name: str
    period: str
    state: str
    plan: MissionPlan
    steps: list[Sentence]
    gives: Sentence
    created_at: datetime
    published_at: datetime | None
    ends_at: datetime | None
    open: int = 0
    complete: int = 0
    in_review: int = 0
    accepted: int = 0


def typed(plan: MissionPlan) -> list[tuple[Any, Any]]:
    """(kind, typed parameters) of every step; refuses what does not fit."""
    return [(steps.get(one.kind), steps.parameters(one.kind, one.params)) for one in plan.steps]


def needed(plan: MissionPlan) -> list[int]:
    """How many marks each step needs."""
    return [kind.needed(params) for kind, params in typed(plan)]


async def live_missions(tx: Tx, mission_id: int | None = None) -> list[Live]:
    """The missions that are live, or the one asked for in whatever state, by number."""
    rows = await tx.rows(
        f"{_MISSION} and (mission_id = %(mission_id)s or (%(mission_id)s::bigint is null and state = 'live')) "
        "order by mission_id",
        mission_id=mission_id,
    )
    return [
        Live(
            mission_id=row.mission_id, name=row.name, period=row.period, state=row.state,
            plan=msgspec.convert(row.plan, MissionPlan), published_at=row.published_at, ends_at=row.ends_at,
        )
        for row in rows
    ]  # fmt: skip


async def get_live(tx: Tx, mission_id: int) -> Live:
    """One mission in whatever state; refuses an unknown one."""
    found = await live_missions(tx, mission_id)
    if not found:
        raise errors.NotFound(what="mission", what_zh="任务")
    return found[0]


_COUNTS = """
select mission_id, state, count(*) as n from mission_progress where merchant_id = %(merchant_id)s group by 1, 2
"""


async def missions(tx: Tx, mission_id: int | None = None) -> list[Shown]:
    """All missions (or one) with how many members stand where, the newest first."""
    rows = await tx.rows(
        f"{_MISSION} and (%(mission_id)s::bigint is null or mission_id = %(mission_id)s) order by mission_id desc",
        mission_id=mission_id,
    )
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for row in await tx.rows(_COUNTS):
        counts[row.mission_id][row.state] = row.n
    return [_shown(row, counts[row.mission_id]) for row in rows]


def _shown(row: Any, counts: dict[str, int]) -> Shown:
    plan = msgspec.convert(row.plan, MissionPlan)
    told = {name: counts.get(name, 0) for name in ("open", "complete", "in_review", "accepted")}
    return Shown(
        mission_id=row.mission_id, name=row.name, period=row.period, state=row.state, plan=plan,
        steps=[kind.sentence(params) for kind, params in typed(plan)], gives=rewards.sentence(plan.rewards),
        created_at=row.created_at, published_at=row.published_at, ends_at=row.ends_at, **told,
    )  # fmt: skip


async def get_mission(tx: Tx, mission_id: int) -> Shown:
    """One mission; refuses an unknown one."""
    found = await missions(tx, mission_id)
    if not found:
        raise errors.NotFound(what="mission", what_zh="任务")
    return found[0]


_KEYS = (
    "unnest(%(missions)s::bigint[], %(members)s::bigint[], %(starts)s::date[]) as w(mission_id, member_id, starts_on)"
)
_ROWS = f"""
select p.mission_id, p.member_id, p.starts_on, p.state, p.counts from {_KEYS} join mission_progress p
on p.merchant_id = %(merchant_id)s and p.mission_id = w.mission_id and p.member_id = w.member_id and p.starts_on = w.starts_on
"""
_MARKS = f"""
select k.mission_id, k.member_id, k.starts_on, k.step, k.mark from {_KEYS} join mission_mark k
on k.merchant_id = %(merchant_id)s and k.mission_id = w.mission_id and k.member_id = w.member_id and k.starts_on = w.starts_on
"""


def _asked(keys: Sequence[Key]) -> dict[str, Any]:
    return {
        "missions": [key[0] for key in keys], "members": [key[1] for key in keys], "starts": [key[2] for key in keys],
    }  # fmt: skip


async def states_of(tx: Tx, keys: Sequence[Key]) -> dict[Key, str]:
    """The states of these members' progress; those not begun are missing."""
    rows = await tx.rows(_ROWS, **_asked(keys))
    return {(row.mission_id, row.member_id, row.starts_on): row.state for row in rows}


async def marks_of(tx: Tx, keys: Sequence[Key]) -> dict[Key, dict[int, set[str]]]:
    """What counted so far, by step."""
    found: dict[Key, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in await tx.rows(_MARKS, **_asked(keys)):
        found[row.mission_id, row.member_id, row.starts_on][row.step].add(row.mark)
    return found


class StepShown(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a member's mission: in words, how often it is done, how often it is needed."""

    words: Sentence
    done: int
    needed: int


class MemberMission(msgspec.Struct, frozen=True, kw_only=True):
    """One mission of a member in one period. States: open, complete, in_review, accepted, refused."""

    mission_id: int
    name: str
    period: str
    starts_on: date | None
    state: str
    award: str
    proof_hint: str
    gives: Sentence
    steps: list[StepShown]
    reason: str
    proof: str
    ends_at: datetime | None


_OF_MEMBER = """
select mission_id, starts_on, state, counts, reason, proof from mission_progress
where merchant_id = %(merchant_id)s and member_id = %(member_id)s
order by changed_at desc limit 100
"""


async def of_member(tx: Tx, member_id: int, at: datetime) -> list[MemberMission]:
    """What a member can do now, and what waits to be claimed or reviewed from earlier periods."""
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    known = {(row.mission_id, row.starts_on): row for row in await tx.rows(_OF_MEMBER, member_id=member_id)}
    filled = (await members.filled(tx, [member_id])).get(member_id, set())
    shown = []
    for one in await live_missions(tx):
        if not one.open_at(at):
            continue
        now = policy.starts_on(one.period, today)
        waiting = [k for k in known if k[0] == one.mission_id and k[1] != now and known[k].state in _WAITING]
        shown += [
            _of_member(one, start, known.get((one.mission_id, start)), filled)
            for start in (now, *(k[1] for k in waiting))
        ]
    return shown


_WAITING = ("complete", "in_review", "refused")


def _of_member(one: Live, start: date, row: Any, filled: set[str]) -> MemberMission:
    """Parts of the profile filled before the mission began show as done already."""
    parts = typed(one.plan)
    counts = list(row.counts) if row else [0] * len(parts)
    counts = [
        max(count, len(kind.marks_of(params, filled))) for count, (kind, params) in zip(counts, parts, strict=True)
    ]
    wanted = needed(one.plan)
    state = row.state if row else "open"
    if state == "open" and policy.complete(counts, wanted):
        state = "complete"
    return MemberMission(
        mission_id=one.mission_id, name=one.name, period=one.period, starts_on=None if start == policy.ONCE else start,
        state=state, award=one.plan.award, proof_hint=one.plan.proof_hint, gives=rewards.sentence(one.plan.rewards),
        steps=[
            StepShown(words=kind.sentence(params), done=min(count, want), needed=want)
            for (kind, params), count, want in zip(parts, counts, wanted, strict=True)
        ],
        reason=row.reason if row else "", proof=row.proof if row else "", ends_at=one.ends_at,
    )  # fmt: skip


class ToReview(msgspec.Struct, frozen=True, kw_only=True):
    """One proof that waits for a person."""

    mission_id: int
    mission: str
    member_id: int
    member_name: str
    starts_on: date
    proof: str
    gives: Sentence
    claimed_at: datetime


_QUEUE = """
select p.mission_id, m.name, m.plan, p.member_id, p.starts_on, p.proof, p.claimed_at
from mission_progress p join mission m on m.merchant_id = p.merchant_id and m.mission_id = p.mission_id
where p.merchant_id = %(merchant_id)s and p.state = 'in_review'
    and (%(at)s::timestamptz is null or (p.claimed_at, p.mission_id, p.member_id) > (%(at)s, %(mission)s, %(member)s))
order by p.claimed_at, p.mission_id, p.member_id limit %(limit)s
"""


async def to_review(tx: Tx, cursor: str | None, limit: int) -> paging.Page:
    """The proofs that wait, the oldest first, with the names of their members."""
    at, mission, member = paging.decode(cursor, 3) or (None, None, None)
    rows = await tx.rows(_QUEUE, at=at, mission=mission, member=member, limit=limit + 1)
    names = await members.names(tx, {row.member_id for row in rows})
    total = await tx.value(
        "select count(*) from mission_progress where merchant_id = %(merchant_id)s and state = 'in_review'"
    )
    items = [
        ToReview(
            mission_id=row.mission_id, mission=row.name, member_id=row.member_id,
            member_name=names[row.member_id].name if row.member_id in names else "", starts_on=row.starts_on,
            proof=row.proof, gives=rewards.sentence(msgspec.convert(row.plan, MissionPlan).rewards),
            claimed_at=row.claimed_at,
        )
        for row in rows
    ]  # fmt: skip
    return paging.page(items, limit, lambda one: [one.claimed_at, one.mission_id, one.member_id], total=int(total or 0))


async def begun(tx: Tx) -> set[int]:
    """The missions that somebody has begun."""
    return {row.mission_id for row in await tx.rows(_COUNTS)}
