"""Entries and lots as people page through them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.assets.points.queries.reasons import explain
from shuke.kit import paging
from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from shuke.kit.db import Tx


class RuleRef(msgspec.Struct, frozen=True):
    """The rule and the version of it that a movement followed."""

    rule_id: int
    version: int
    name: str = ""


class EntryShape(msgspec.Struct, frozen=True, kw_only=True):
    """One movement as people read it; `balance_after` where one member's history is shown."""

    entry_id: int
    batch_id: int
    member_id: int
    type: str
    points: int
    debt_change: int
    occurred_at: datetime
    recorded_at: datetime
    source_key: str
    why: Sentence
    rule: RuleRef | None
    order_id: int | None
    balance_after: int | None = None


class LotShape(msgspec.Struct, frozen=True, kw_only=True):
    """One lot as people read it."""

    lot_id: int
    granted: int
    remaining: int
    earned_at: datetime
    active_from: datetime
    expires_at: datetime | None
    why: Sentence


_COLUMNS = (
    "e.entry_id, e.batch_id, e.member_id, e.type, e.points, e.debt_change, e.occurred_at, e.recorded_at, e.key, e.why, e.rule_id, "
    "e.rule_version, e.order_id"
)
_OF_MEMBER = f"""
select {_COLUMNS}, e.balance_after from (
  select x.*, sum(x.points) over (order by x.occurred_at, x.entry_id)::bigint as balance_after from entry x
  where x.merchant_id = %(merchant_id)s and x.member_id = %(member_id)s and x.wallet = %(wallet)s
) e
where %(before_at)s::timestamptz is null or (e.occurred_at, e.entry_id) < (%(before_at)s, %(before_id)s::bigint)
order by e.occurred_at desc, e.entry_id desc limit %(limit)s
"""


async def entries_of(
    tx: Tx, member_id: int, cursor: str | None = None, limit: int | None = None, wallet: str = "points"
) -> paging.Page:
    """One member's movements, latest first by when they happened, with the balance after each in that order."""
    size = paging.limited(limit)
    before = paging.decode(cursor, 2)
    rows = await tx.rows(
        _OF_MEMBER, member_id=member_id, wallet=wallet, limit=size + 1,
        before_at=before[0] if before else None, before_id=before[1] if before else None,
    )  # fmt: skip
    return paging.page([_shape(row, row.balance_after) for row in rows], size, _entry_place)


_LEDGER = f"""
select {_COLUMNS} from entry e
where e.merchant_id = %(merchant_id)s and e.wallet = %(wallet)s
  and (%(before_batch)s::bigint is null or (e.batch_id, e.entry_id) < (%(before_batch)s, %(before_id)s::bigint))
  and (%(member_id)s::bigint is null or e.member_id = %(member_id)s)
  and (%(types)s::text[] is null or e.type = any(%(types)s::text[]))
  and (%(since)s::timestamptz is null or e.occurred_at >= %(since)s)
  and (%(until)s::timestamptz is null or e.occurred_at < %(until)s)
order by e.batch_id desc, e.entry_id desc limit %(limit)s
"""


async def ledger(
    tx: Tx,
    *,
    types: list[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    member_id: int | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> paging.Page:
    """Movements of all members, latest recorded first; `since` and `until` are half-open on when they happened."""
    size = paging.limited(limit)
    before = paging.decode(cursor, 2)
    rows = await tx.rows(
        _LEDGER, wallet="points", types=types or None, since=since, until=until, member_id=member_id,
        before_batch=before[0] if before else None, before_id=before[1] if before else None, limit=size + 1,
    )  # fmt: skip
    return paging.page([_shape(row, None) for row in rows], size, lambda entry: [entry.batch_id, entry.entry_id])


_LOTS = """
select l.lot_id, l.granted, l.remaining, l.earned_at, l.active_from, l.expires_at, e.why, e.type from lot l
join entry e on e.merchant_id = %(merchant_id)s and e.member_id = l.member_id and e.entry_id = l.entry_id
where l.merchant_id = %(merchant_id)s and l.member_id = %(member_id)s and l.wallet = %(wallet)s
  and (%(all)s or l.remaining > 0)
order by l.expires_at nulls last, l.restricted desc, l.earned_at, l.lot_id limit 500
"""


async def lots_of(tx: Tx, member_id: int, wallet: str = "points", include_used: bool = False) -> list[LotShape]:
    """One member's lots in the order in which they will be spent; used-up ones only when asked for."""
    rows = await tx.rows(_LOTS, member_id=member_id, wallet=wallet, all=include_used)
    return [LotShape(**{**_lot(row), "why": explain(row.why, row.type)}) for row in rows]


async def has_entries(tx: Tx) -> bool:
    """Whether anything was ever booked at this merchant."""
    return bool(await tx.value("select exists (select from entry where merchant_id = %(merchant_id)s)"))


async def entry(tx: Tx, key: str) -> EntryShape | None:
    """The movement booked under that permanent key, or None."""
    row = await tx.one(
        f"select {_COLUMNS} from entry e where e.merchant_id = %(merchant_id)s and e.key = %(key)s", key=key
    )
    return None if row is None else _shape(row, None)


def _lot(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._asdict().items() if name != "type"}


def _entry_place(entry: EntryShape) -> list[Any]:
    return [entry.occurred_at.isoformat(), entry.entry_id]


def _shape(row: Any, balance_after: int | None) -> EntryShape:
    rule = None if row.rule_id is None else RuleRef(row.rule_id, row.rule_version or 0, row.why.get("rule", ""))
    return EntryShape(
        entry_id=row.entry_id, batch_id=row.batch_id, member_id=row.member_id, type=row.type,
        points=row.points, debt_change=row.debt_change,
        occurred_at=row.occurred_at, recorded_at=row.recorded_at, source_key=row.key, why=explain(row.why, row.type), rule=rule,
        order_id=row.order_id, balance_after=balance_after,
    )  # fmt: skip


class Earned(msgspec.Struct, frozen=True):
    """Points that a member earned at `at`, or (negative) that a refund took back, for the instant of what earned them."""

    member_id: int
    at: datetime
    counted_at: datetime
    points: int


_COUNTABLE = """
select e.member_id, e.occurred_at, coalesce(o.occurred_at, e.occurred_at), e.points from entry e
left join entry o on e.type = 'clawback' and o.merchant_id = e.merchant_id and o.member_id = e.member_id
    and o.entry_id = e.of_entry_id
where e.merchant_id = %(merchant_id)s and e.member_id = any(%(members)s::bigint[]) and e.wallet = 'points'
    and e.type in ('earn', 'bonus', 'clawback')
order by e.occurred_at, e.entry_id
"""


async def countable(tx: Tx, member_ids: list[int]) -> list[Earned]:
    """What these members earned net of what was taken back, the oldest first, in one statement."""
    return [Earned(*row) for row in await tx.rows(_COUNTABLE, members=member_ids)]


async def rules_booked(tx: Tx, rule_ids: list[int]) -> set[int]:
    """Which of these rules have given points to anybody."""
    rows = await tx.rows(
        "select w.rule_id from unnest(%(rules)s::bigint[]) as w(rule_id) where exists (select from entry e "
        "where e.merchant_id = %(merchant_id)s and e.rule_id = w.rule_id)",
        rules=rule_ids,
    )
    return {row.rule_id for row in rows}
