"""Members who turn out to be one person go through a journey as one, and as two again when that was a mistake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.ground import members, tenancy
from shuke.kit import clock, jobs
from shuke.kit.db import Tx
from shuke.outreach.journeys import policy

ROOM = "journeys"
_BOTH = """
select m.journey_id, m.member_id, m.round, m.state, m.next_step, m.keyed_as, m.entered_at, j.again_days,
  jsonb_array_length(j.steps) as steps
from journey_member m join journey j on j.merchant_id = m.merchant_id and j.journey_id = m.journey_id
where m.merchant_id = %(merchant_id)s and m.member_id = any(%(ids)s::bigint[])
order by m.journey_id, m.entered_at, m.member_id, m.round for update of m
"""
_MOVE = """
update {table} m set member_id = r.to_id, round = r.to_round{more}
from json_to_recordset(%(rows)s::json)
  as r(journey_id bigint, from_id bigint, from_round bigint, to_id bigint, to_round bigint, keyed_as text)
where m.merchant_id = %(merchant_id)s and m.journey_id = r.journey_id and m.member_id = r.from_id and m.round = r.from_round
"""
_LATER = ", due_at = case when m.state = 'active' then greatest(m.due_at, %(due)s) else m.due_at end"
# Only where it still stands as the merge left it: what the passage did since is done.
_SET = """
update journey_member m set state = r.state, next_step = r.next_step
from json_to_recordset(%(rows)s::json) as r(journey_id bigint, member_id bigint, round bigint, state text, next_step bigint,
  found_state text, found_step bigint)
where m.merchant_id = %(merchant_id)s and m.journey_id = r.journey_id and m.member_id = r.member_id and m.round = r.round
  and m.state = r.found_state and m.next_step = r.found_step
"""


class Change(msgspec.Struct, frozen=True):
    """A passage that a merge brought further or ended, by its place after the merge, with what it was and became."""

    journey_id: int
    round: int
    state: str
    next_step: int
    became: str
    became_step: int


async def unite(tx: Tx, merge_id: int, member_id: int, into_id: int, at: datetime) -> None:
    """Let the passages of a merged member go on as the heir's; repeatable, a handful of statements for any number.

    Where both took part and once would have been enough, they are one participation: it goes on from where either of them
    had come furthest, so that nothing is given twice. Every effect keeps the key it had.
    """
    found: dict[int, list[Any]] = defaultdict(list)
    for row in await tx.rows(_BOTH, ids=[member_id, into_id]):
        found[row.journey_id].append(row)
    mine = {journey_id: rows for journey_id, rows in found.items() if any(row.member_id == member_id for row in rows)}
    if not mine:
        return
    merchant = await tenancy.get_merchant(tx)
    moved: list[dict[str, Any]] = []
    changes: list[Change] = []
    for journey_id, rows in mine.items():
        places = _places(rows, member_id, into_id)
        moved += [
            {"journey_id": journey_id, "from_id": member_id, "from_round": row.round, "to_id": into_id,
             "to_round": places[row.member_id, row.round],
             "keyed_as": policy.key_of(row.member_id, row.round, row.keyed_as)}
            for row in rows if row.member_id == member_id
        ]  # fmt: skip
        for together in _participations(rows, merchant):
            changes += _joined(journey_id, together, into_id, places)
    await _move(tx, moved, at, ", keyed_as = r.keyed_as")
    await _set(tx, into_id, [(one, one.became, one.became_step, one.state, one.next_step) for one in changes])
    kept = {
        "moved": [[one["journey_id"], one["from_round"], one["to_round"]] for one in moved],
        "changes": msgspec.to_builtins(changes),
    }
    await members.keep_moved(tx, ROOM, [(merge_id, kept)])


def _places(rows: Sequence[Any], member_id: int, into_id: int) -> dict[tuple[int, int], int]:
    """Which of the heir's rounds each passage is from now on; those of the merged member come after the heir's own."""
    own = [row.round for row in rows if row.member_id == into_id]
    theirs = sorted(row.round for row in rows if row.member_id == member_id)
    last = max(own, default=0)
    return {(into_id, turn): turn for turn in own} | {(member_id, turn): last + n for n, turn in enumerate(theirs, 1)}


def _participations(rows: Sequence[Any], merchant: tenancy.MerchantSettings) -> list[list[Any]]:
    """The passages of one journey, those together of which one person would have made only one."""

    def day(row: Any) -> Any:
        return clock.business_date(row.entered_at, merchant.zone, merchant.day_start_minutes)

    groups: list[list[Any]] = []
    for row in rows:
        if groups and not policy.may_follow(day(groups[-1][0]), day(row), row.again_days):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _joined(journey_id: int, rows: Sequence[Any], into_id: int, places: dict[tuple[int, int], int]) -> list[Change]:
    """One of the passages under way goes on from the furthest step that any of them took; the others end."""
    active = [row for row in rows if row.state == "active"]
    if len({row.member_id for row in rows}) < 2 or not active:
        return []
    goes_on = next((row for row in active if row.member_id == into_id), active[0])
    furthest = max(row.next_step - (row.state == "left") for row in rows)
    changes = []
    for row in active:
        step = max(row.next_step, furthest) if row is goes_on else row.next_step
        state = ("active" if step < row.steps else "done") if row is goes_on else "merged"
        if (state, step) != (row.state, row.next_step):
            place = places[row.member_id, row.round]
            changes.append(Change(journey_id, place, row.state, row.next_step, state, step))
    return changes


async def part(tx: Tx, member_id: int, into_id: int, kept: dict[str, Any], at: datetime) -> None:
    """Give a member back the passages that came to the heir with a merge; repeatable.

    What had been ended or skipped because the two were one goes on from where it was, unless it has moved since.
    """
    changes = [msgspec.convert(one, Change) for one in kept["changes"]]
    await _set(tx, into_id, [(one, one.state, one.next_step, one.became, one.became_step) for one in changes])
    back = [
        {
            "journey_id": journey_id,
            "from_id": into_id,
            "from_round": to_round,
            "to_id": member_id,
            "to_round": from_round,
        }
        for journey_id, from_round, to_round in kept["moved"]
    ]
    await _move(tx, back, at)


async def _move(tx: Tx, moved: Sequence[dict[str, Any]], at: datetime, more: str = "") -> None:
    """Under the other number the next step waits until the segments know who is inside now."""
    rows, due = msgspec.json.encode(moved).decode(), at + policy.SETTLED_AFTER
    await tx.run(_MOVE.format(table="journey_member", more=more + _LATER), rows=rows, due=due)
    await tx.run(_MOVE.format(table="journey_effect", more=""), rows=rows)
    await jobs.wake(tx, policy.WORK, at)


async def _set(tx: Tx, into_id: int, changed: Sequence[tuple[Change, str, int, str, int]]) -> None:
    """(passage, state and step to be, state and step it must stand at) of the heir."""
    rows = [
        {"journey_id": one.journey_id, "member_id": into_id, "round": one.round, "state": state, "next_step": step,
         "found_state": found_state, "found_step": found_step}
        for one, state, step, found_state, found_step in changed
    ]  # fmt: skip
    if rows:
        await tx.run(_SET, rows=msgspec.json.encode(rows).decode())
