"""Two members turn out to be one, and one two again: what counts towards caps is united, and separated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shuke.ground import members
from shuke.programs.earning.actions.counting import COUNT

if TYPE_CHECKING:
    from shuke.kit.db import Tx

_COUNTED = """
select rule_id, period, points, times from earning_counter
where merchant_id = %(merchant_id)s and member_id = %(member_id)s and (points, times) <> (0, 0)
"""
ROOM = "earning"


async def unite(tx: Tx, merges: Sequence[tuple[int, int, int]]) -> None:
    """Add what rules gave each (merge, member, survivor) to the survivor's counts, so that no cap holds twice.

    The merged member's own counts stay where they are, for parting. Repeatable: what a merge added is kept with it.
    """
    known = await members.moved_by(tx, ROOM, [merge_id for merge_id, _, _ in merges])
    for merge_id, member_id, into_id in merges:  # a person merges members one at a time
        if merge_id in known:
            continue
        counted = [list(row) for row in await tx.rows(_COUNTED, member_id=member_id)]
        await _add(tx, into_id, counted, 1)
        await members.keep_moved(tx, ROOM, [(merge_id, counted)])


async def part(tx: Tx, merges: Sequence[tuple[int, int, int]]) -> None:
    """Take what each merge added off the survivor's counts again; repeatable. What was given meanwhile stays counted there."""
    known = await members.moved_by(tx, ROOM, [merge_id for merge_id, _, _ in merges])
    for merge_id, _, into_id in merges:
        counted = known.get(merge_id)
        if counted:
            await _add(tx, into_id, counted, -1)
            await members.keep_moved(tx, ROOM, [(merge_id, [])])


async def _add(tx: Tx, member_id: int, counted: Sequence[Sequence], sign: int) -> None:
    if counted:
        rules, periods, points, times = zip(*counted, strict=True)
        await tx.run(
            COUNT, rules=list(rules), members=[member_id] * len(counted), periods=list(periods),
            points=[sign * one for one in points], times=[sign * one for one in times],
        )  # fmt: skip
