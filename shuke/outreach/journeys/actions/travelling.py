"""Verbs that let members enter and take their steps: set-based, in chunks, each safe to repeat after a crash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shuke.ground import orders, tenancy
from shuke.insight import segments
from shuke.kit import clock, jobs
from shuke.kit.db import Tx
from shuke.outreach.journeys import models, policy
from shuke.outreach.journeys.events import JourneyEntered
from shuke.outreach.journeys.steps import Crowd, Outcome, steps


async def start_runs(tx: Tx, refreshes: Sequence[tuple[str, int]], at: datetime) -> int:
    """Note that the members whom refreshes (segment, number) let in enter the live journeys of it; repeatable. How many runs.

    One statement for any number of refreshes: the live loop announces one for every segment that changed.
    """
    started = await tx.run(
        "insert into journey_run (merchant_id, journey_id, refresh_id, state, created_at) "
        "select j.merchant_id, j.journey_id, r.refresh_id, 'waiting', %(at)s "
        "from unnest(%(slugs)s::text[], %(refresh_ids)s::bigint[]) as r(slug, refresh_id) "
        "join journey j on j.merchant_id = %(merchant_id)s and j.segment_slug = r.slug and j.state = 'live' "
        "on conflict do nothing",
        slugs=[slug for slug, _ in refreshes], refresh_ids=[number for _, number in refreshes], at=at,
    )  # fmt: skip
    if started:
        await jobs.wake(tx, policy.WORK, at)
    return started


async def waiting(tx: Tx) -> tuple[int, ...]:
    """The live journeys with members to take in or steps to take, oldest first."""
    rows = await tx.rows(
        "select j.journey_id from journey j where j.merchant_id = %(merchant_id)s and j.state = 'live' and ("
        "exists (select from journey_run r where r.merchant_id = %(merchant_id)s and r.journey_id = j.journey_id "
        "  and r.state = 'waiting') or "
        "exists (select from journey_member m where m.merchant_id = %(merchant_id)s and m.journey_id = j.journey_id "
        "  and m.state = 'active')) order by j.launched_at, j.journey_id"
    )
    return tuple(row.journey_id for row in rows)


async def next_due(tx: Tx, after: datetime) -> datetime | None:
    """When the first step after that instant is due on a live journey, or None."""
    found: datetime | None = await tx.value(
        "select min(m.due_at) from journey j join journey_member m on m.merchant_id = j.merchant_id "
        "and m.journey_id = j.journey_id and m.state = 'active' and m.due_at > %(after)s "
        "where j.merchant_id = %(merchant_id)s and j.state = 'live'",
        after=after,
    )
    return found


async def take_in(tx: Tx, journey_id: int, at: datetime, limit: int = policy.ENTER_AT_ONCE) -> int:
    """Let the next members of the oldest waiting run enter, at most `limit`; how many were looked at, 0 when none wait.

    A member enters a journey once, for ever, unless it says after how many dates again; who is still on it does not begin
    anew. The run notes how far it has come in the same transaction, so that a crash repeats nothing and leaves nobody out.
    Seven statements.
    """
    run = await tx.one(
        "select r.refresh_id, r.after_member, j.segment_slug, j.version, j.again_days from journey_run r "
        "join journey j on j.merchant_id = r.merchant_id and j.journey_id = r.journey_id and j.state = 'live' "
        "where r.merchant_id = %(merchant_id)s and r.journey_id = %(journey_id)s and r.state = 'waiting' "
        "order by r.created_at, r.refresh_id limit 1 for update of r for share of j",
        journey_id=journey_id,
    )
    if run is None:
        return 0
    if run.refresh_id:
        found = await segments.entered(tx, run.refresh_id, run.after_member, limit)
    else:
        found = await segments.members_after(tx, run.segment_slug, run.after_member, limit)
    entered = await let_in(tx, journey_id, run, found, at)
    last = not found
    await tx.run(
        "update journey_run set after_member = %(after)s, entered = entered + %(entered)s, "
        "state = case when %(last)s then 'done' else state end, "
        "finished_at = case when %(last)s then %(at)s::timestamptz end "
        "where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s and refresh_id = %(refresh_id)s",
        after=found[-1] if found else run.after_member, entered=len(entered), last=last, at=at,
        journey_id=journey_id, refresh_id=run.refresh_id,
    )  # fmt: skip
    return max(1, len(found))


async def let_in(tx: Tx, journey_id: int, terms: Any, member_ids: Sequence[int], at: datetime) -> list[int]:
    """These members begin, as far as the journey's `terms` (version, again_days) let them; who did. Two statements."""
    rows = await tx.rows(
        _ENTER, journey_id=journey_id, version=terms.version, at=at, members=list(member_ids),
        before=await _may_again(tx, terms.again_days, at),
    )  # fmt: skip
    entered = sorted(row.member_id for row in rows)
    if entered:
        tx.announce(JourneyEntered(journey_id=journey_id, member_ids=entered, at=at))
    return entered


_ENTER = """
insert into journey_member (merchant_id, journey_id, member_id, round, state, version, next_step, due_at, entered_at)
select %(merchant_id)s, %(journey_id)s, w.member_id, coalesce(l.round, 0) + 1, 'active', %(version)s, 0, %(at)s, %(at)s
from unnest(%(members)s::bigint[]) as w(member_id) cross join lateral (
    select max(p.round) as round, max(p.entered_at) as entered_at, bool_or(p.state = 'active') as busy
    from journey_member p
    where p.merchant_id = %(merchant_id)s and p.journey_id = %(journey_id)s and p.member_id = w.member_id
) l where l.round is null or (not l.busy and l.entered_at < %(before)s::timestamptz)
on conflict do nothing returning member_id
"""


async def _may_again(tx: Tx, days: int | None, at: datetime) -> datetime | None:
    """Who entered before this instant may enter anew; None: nobody. Whole dates of the merchant count, not hours."""
    if days is None:
        return None
    if days == 0:
        return at
    merchant = await tenancy.get_merchant(tx)
    today = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    return clock.day_starts(today - timedelta(days=days - 1), merchant.zone, merchant.day_start_minutes)


async def advance(tx: Tx, journey_id: int, at: datetime, limit: int = policy.ACT_AT_ONCE) -> int:
    """Let the next members take their next step, at most `limit`; how many did, 0 when nobody is due.

    Before the action those who have left the segment leave the journey. Each effect is keyed by journey version, step
    and passage and logged with its outcome, in the same transaction. The number of statements does not depend on the
    number of members.
    """
    journey = await tx.one(
        "select name, segment_slug, steps from journey where merchant_id = %(merchant_id)s "
        "and journey_id = %(journey_id)s and state = 'live' for share",
        journey_id=journey_id,
    )
    if journey is None:
        return 0
    claimed = await tx.rows(
        "select member_id, round, next_step, version, keyed_as from journey_member where merchant_id = %(merchant_id)s "
        "and journey_id = %(journey_id)s and state = 'active' and due_at <= %(at)s "
        "order by member_id limit %(limit)s for update skip locked",
        journey_id=journey_id, at=at, limit=limit,
    )  # fmt: skip
    if not claimed:
        return 0
    inside = await segments.inside(tx, journey.segment_slug, [row.member_id for row in claimed])
    zone = (await tenancy.get_merchant(tx)).zone
    turns = {row.member_id: row.round for row in claimed}
    before = await _before(tx, journey_id, turns)
    effects: list[dict[str, Any]] = []
    for step, version, member_ids in _by_step(claimed):
        crowd = Crowd(
            journey_id=journey_id, journey_name=journey.name, version=version, step=step,
            member_ids=[member_id for member_id in member_ids if member_id in inside],
            before=before, at=at, zone=zone,
            keyed_as={row.member_id: policy.key_of(row.member_id, row.round, row.keyed_as) for row in claimed},
        )  # fmt: skip
        plan = journey.steps[step]
        outcomes = await _take(tx, crowd, plan) if crowd.member_ids else {}
        gone = Outcome(outcome="left", detail=policy.left(journey.segment_slug))
        effects += [
            {"round": turns[member_id]} | _effect(crowd, plan["kind"], member_id, outcomes.get(member_id, gone))
            for member_id in member_ids
        ]
    await tx.insert(models.JourneyEffect, effects, conflict="ignore")
    await _move_on(tx, journey_id, effects, len(journey.steps))
    return len(claimed)


async def _take(tx: Tx, crowd: Crowd, plan: dict[str, Any]) -> dict[int, Outcome]:
    kind = steps.get(plan["kind"])
    return await kind.take(tx, crowd, steps.parameters(plan["kind"], plan["params"]))


def _by_step(claimed: Sequence[Any]) -> list[tuple[int, int, list[int]]]:
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in claimed:
        groups[row.next_step, row.version].append(row.member_id)
    return [(step, version, found) for (step, version), found in sorted(groups.items())]


def _effect(crowd: Crowd, kind: str, member_id: int, outcome: Outcome) -> dict[str, Any]:
    return {
        "journey_id": crowd.journey_id, "member_id": member_id, "step": crowd.step, "kind": kind,
        "outcome": outcome.outcome, "detail": outcome.detail, "at": crowd.at,
    }  # fmt: skip


async def _before(tx: Tx, journey_id: int, turns: Mapping[int, int]) -> dict[int, list[dict[str, Any]]]:
    rows = await tx.rows(
        "select e.member_id, e.detail from unnest(%(members)s::bigint[], %(turns)s::bigint[]) as w(member_id, round) "
        "join journey_effect e on e.merchant_id = %(merchant_id)s and e.journey_id = %(journey_id)s "
        "and e.member_id = w.member_id and e.round = w.round and e.outcome = 'done' order by e.member_id, e.step",
        journey_id=journey_id, members=list(turns), turns=list(turns.values()),
    )  # fmt: skip
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row.member_id].append(row.detail)
    return found


async def _move_on(tx: Tx, journey_id: int, effects: Sequence[dict[str, Any]], count: int) -> None:
    moved = [
        {
            "member_id": effect["member_id"],
            "round": effect["round"],
            "next_step": effect["step"] + 1,
            "state": _state_after(effect, count),
        }
        for effect in effects
    ]
    await tx.run(
        "update journey_member m set next_step = r.next_step, state = r.state "
        "from json_to_recordset(%(rows)s::json) as r(member_id bigint, round bigint, next_step bigint, state text) "
        "where m.merchant_id = %(merchant_id)s and m.journey_id = %(journey_id)s and m.member_id = r.member_id "
        "and m.round = r.round",
        journey_id=journey_id, rows=msgspec.json.encode(moved).decode(),
    )  # fmt: skip


def _state_after(effect: dict[str, Any], count: int) -> str:
    if effect["outcome"] == "left":
        return "left"
    return "done" if effect["step"] + 1 >= count else "active"


_RETURNS = """
with best as (
    select distinct on (j.journey_id, j.member_id, j.round) j.journey_id, j.member_id, j.round, o.order_id, o.occurred_at
    from json_to_recordset(%(rows)s::json) as o(order_id bigint, member_id bigint, occurred_at timestamptz)
    join journey_member j on j.merchant_id = %(merchant_id)s and j.member_id = o.member_id
        and o.occurred_at >= j.entered_at and o.occurred_at < j.entered_at + %(within)s
    order by j.journey_id, j.member_id, j.round, o.occurred_at, o.order_id
)
update journey_member m set returned_at = b.occurred_at, returned_order_id = b.order_id from best b
where m.merchant_id = %(merchant_id)s and m.journey_id = b.journey_id and m.member_id = b.member_id
    and m.round = b.round
    and (m.returned_at is null or (m.returned_at, m.returned_order_id) > (b.occurred_at, b.order_id))
"""


async def any_travellers(tx: Tx) -> bool:
    """Whether anybody has ever entered a journey here."""
    return bool(await tx.value("select exists (select from journey_member where merchant_id = %(merchant_id)s)"))


async def count_returns(tx: Tx, bought: Sequence[orders.Bought]) -> int:
    """Note for these buyers that they came back: the first order within seven days of entering; one statement.

    Repeatable, in any order: the earliest order stays. Orders that were imported count too: they happened. Answers how
    many passages changed.
    """
    rows = [order for order in bought if order.member_id is not None]
    if not rows:
        return 0
    return await tx.run(_RETURNS, rows=msgspec.json.encode(rows).decode(), within=policy.RETURN_WITHIN)
