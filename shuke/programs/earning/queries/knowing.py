"""What live rules need to know of members: read set-based, and only what one of them asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shuke.ground import members, orders
from shuke.insight import segments
from shuke.programs.earning.policy import CounterKey, Counters, Known, Mark

if TYPE_CHECKING:
    from shuke.kit.db import Tx

REACH = timedelta(days=90)
"""How long something that waits for an order may wait."""

_WAITING = """
select member_id, event, ref, at, skus from earning_waiting
where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[]) and not used and at >= %(since)s
"""
_GIVEN = """
select c.rule_id, c.member_id, c.period, c.points, c.times
from unnest(%(rules)s::bigint[], %(members)s::bigint[], %(periods)s::text[]) as w(rule_id, member_id, period)
join earning_counter c on c.rule_id = w.rule_id and c.member_id = w.member_id and c.period = w.period
where c.merchant_id = %(merchant_id)s
"""
LOCK_COUNTERS = """
insert into earning_counter as t (merchant_id, rule_id, member_id, period)
select %(merchant_id)s, w.rule_id, w.member_id, w.period
from unnest(%(rules)s::bigint[], %(members)s::bigint[], %(periods)s::text[]) as w(rule_id, member_id, period)
order by 2, 3, 4 on conflict (merchant_id, rule_id, member_id, period) do update set points = t.points
returning t.rule_id, t.member_id, t.period, t.points, t.times
"""
"""The counters under these keys, locked until the end of the transaction; those that are new begin at nothing."""

Statement = tuple[str, dict[str, Any]]


def asking(needs: frozenset[str], member_ids: Sequence[int], since: datetime) -> list[Statement]:
    """The statements that `known_of` folds, in its order; none when no live rule needs to know anything."""
    asked: list[Statement] = []
    if "profile" in needs:
        asked.append((members.LIVES, {"members": list(member_ids)}))
    if "orders" in needs:
        asked.append((orders.COUNTS, {"members": list(member_ids)}))
    if "marks" in needs:
        asked.append((_WAITING, {"members": list(member_ids), "since": since - REACH}))
    return asked


def known_of(needs: frozenset[str], member_ids: Iterable[int], answers: Sequence[Iterable[Any]]) -> dict[int, Known]:
    """What is known of each member, from the answers to `asking`."""
    found = {member_id: Known() for member_id in member_ids}
    rows = iter(answers)
    if "profile" in needs:
        for row in next(rows):
            found[row.member_id].birthday, found[row.member_id].joined_at = row.birthday, row.joined_at
    if "orders" in needs:
        for row in next(rows):
            found[row.member_id].orders = row.n
    if "marks" in needs:
        for row in next(rows):
            known = found[row.member_id]
            known.marks = [*known.marks, Mark(row.event, row.ref, row.at, tuple(row.skus))]
    return found


async def add_segments(tx: Tx, needs: frozenset[str], known: Mapping[int, Known]) -> None:
    """Which segments the members are in, where a rule asks for it; two statements."""
    if "segments" in needs and known:
        for member_id, slugs in (await segments.of_members(tx, list(known))).items():
            known[member_id].segments = frozenset(slugs)


async def know(tx: Tx, needs: frozenset[str], member_ids: Sequence[int], at: datetime) -> dict[int, Known]:
    """What rules with these needs may know of the members, in a round trip of its own; locks nothing."""
    asked = asking(needs, member_ids, at)
    answers = [await answer.fetchall() for answer in await tx.together(*asked)] if asked else []
    known = known_of(needs, member_ids, answers)
    await add_segments(tx, needs, known)
    return known


def _columns(keys: Sequence[CounterKey]) -> dict[str, Any]:
    return {
        "rules": [key[0] for key in keys], "members": [key[1] for key in keys], "periods": [key[2] for key in keys],
    }  # fmt: skip


def locking(keys: Sequence[CounterKey]) -> Statement:
    """The statement that locks these counters and reads them."""
    return LOCK_COUNTERS, _columns(keys)


def counters_of(rows: Iterable[Any]) -> Counters:
    """The counters from rows of `locking`."""
    return Counters({(row[0], row[1], row[2]): (row[3], row[4]) for row in rows})


async def given_so_far(tx: Tx, keys: Sequence[CounterKey]) -> Counters:
    """The counters as they stand, without a lock: for trying out."""
    return counters_of(await tx.rows(_GIVEN, **_columns(keys))) if keys else Counters()


async def budgets_used(tx: Tx) -> dict[int, int]:
    """What each rule with a budget has given of it, in points; rules that have given nothing are left out."""
    rows = await tx.rows(
        "select rule_id, points from earning_counter where merchant_id = %(merchant_id)s and member_id = 0 and period = 'b' "
        "and rule_id in (select r.rule_id from earning_rule r where r.merchant_id = %(merchant_id)s)"
    )
    return {row.rule_id: row.points for row in rows}
