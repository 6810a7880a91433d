"""The sweep: books what time alone has made true already, lots that have run out and holds that have ended."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import msgspec

from shuke.assets.points.actions.holding import tell_held
from shuke.assets.points.actions.posting import LOCK, open_book, store, tell_posted
from shuke.kit.db import Database, Kind, Tx

# A pinned lot waits: it does not run out before the hold ends.
_NOT_PINNED = """
l.merchant_id = %(merchant_id)s and l.remaining > 0
  and not exists (select from hold h, jsonb_array_elements(h.lots) as p where h.merchant_id = %(merchant_id)s
    and h.member_id = l.member_id and h.state = 'open' and h.expires_at > %(at)s and (p.value ->> 0)::bigint = l.lot_id)
"""
DUE = f"""
select d.wallet, array_agg(distinct d.member_id) as members, count(*) as lots from (
  select l.member_id, l.wallet from lot l where l.expires_at <= %(at)s and {_NOT_PINNED}
  order by l.expires_at, l.member_id, l.lot_id limit %(limit)s
) d group by 1 order by 1
"""
RAN_OUT = f"""
select d.* from unnest(%(members)s::bigint[]) as m(member_id)
cross join lateral (select l.member_id, l.lot_id, l.remaining from lot l
  where l.member_id >= m.member_id and l.member_id <= m.member_id and l.wallet = %(wallet)s
    and (l.expires_at > %(at)s) is false and {_NOT_PINNED}
  order by l.member_id offset 0) d order by d.member_id, d.lot_id
"""
RAN_OUT_KINDS: dict[str, Kind] = {"member_id": "whole", "lot_id": "whole", "remaining": "whole"}
# One descent of the primary key for each lot (`offset 0` keeps the order of the join), and upserts where rows exist:
# an update or a join planned while the tables were small reads all of them for each row later.
_BOOKED = """
from unnest(%(members)s::bigint[], %(lots)s::bigint[], %(entries)s::bigint[]) as d(member_id, lot_id, entry_id)
cross join lateral (select l.* from lot l
  where l.merchant_id = %(merchant_id)s and l.member_id = d.member_id and l.lot_id = d.lot_id offset 0) l
"""
EXPIRE = f"""
insert into entry as t (merchant_id, batch_id, entry_id, member_id, wallet, type, points, key, why, occurred_at, effective_at,
  recorded_at)
select %(merchant_id)s, %(batch_id)s, d.entry_id, d.member_id, %(wallet)s, 'expire', -l.remaining, 'expire:' || d.lot_id,
  jsonb_build_object('kind', case when l.active_from = l.expires_at then 'lapse' else 'expire' end, 'earned_at',
    to_char(l.earned_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
  l.expires_at, l.expires_at, %(at)s {_BOOKED}
"""
TAKE = f"""
insert into consumption as t (merchant_id, member_id, entry_id, lot_id, points)
select %(merchant_id)s, d.member_id, d.entry_id, d.lot_id, l.remaining {_BOOKED}
"""
EMPTY = """
insert into lot as t (merchant_id, member_id, lot_id, wallet, entry_id, granted, remaining, earned_at, active_from)
select %(merchant_id)s, d.member_id, d.lot_id, %(wallet)s, 0, 0, 0, %(at)s, %(at)s
from unnest(%(members)s::bigint[], %(lots)s::bigint[]) as d(member_id, lot_id)
on conflict (merchant_id, member_id, lot_id) do update set remaining = 0
"""
LESS = """
insert into account as t (merchant_id, member_id, wallet, balance)
select %(merchant_id)s, d.member_id, %(wallet)s, d.points
from unnest(%(owners)s::bigint[], %(sums)s::bigint[]) as d(member_id, points)
on conflict (merchant_id, member_id, wallet) do update set balance = t.balance - excluded.balance
"""
ENDED = """
select h.hold_id, h.member_id, h.wallet from hold h
where h.merchant_id = %(merchant_id)s and h.state = 'open' and h.expires_at <= %(at)s order by h.expires_at limit %(limit)s
"""
# Asked again under the lock of the accounts: another sweep or a capture may have been faster.
_STILL_OPEN = """
select hold_id, member_id, points, lots, expires_at from hold
where merchant_id = %(merchant_id)s and hold_id = any(%(holds)s::bigint[]) and state = 'open'
"""
_CLOSE = """
update hold h set state = 'released', closed_at = h.expires_at
where h.merchant_id = %(merchant_id)s and h.hold_id = any(%(holds)s::bigint[])
"""


SWEEP = "points_sweep"  # the kind of work that books what ran out
BATCH = 1_000
AHEAD = 100  # so many batches of due lots are looked up at once


class Swept(msgspec.Struct, frozen=True):
    """What one sweep booked."""

    lots: int = 0
    points: int = 0
    holds: int = 0


async def sweep(tx: Tx, at: datetime, limit: int = BATCH) -> Swept:
    """Book lots that ran out by `at`, each with effective_at = its expires_at, and release ended holds.

    The first `limit` of them, and whatever else of the same members is due: their accounts are locked anyway.

    Repeatable, and safe beside another sweep or spend: every lot is read again under its account's lock, and its entry
    has the key `expire:<lot>`. The rows are made where they are stored. Nothing to do costs two statements.
    """
    released = await _release_ended(tx, at, limit)
    lots = points = 0
    for wallet, members, _ in await _due(tx, at, limit):
        done = await _book_due(tx, at, wallet, members)
        lots += done.lots
        points += done.points
    return Swept(lots, points, released)


async def _book_due(tx: Tx, at: datetime, wallet: str, members: list[int]) -> Swept:
    """Lock these members' accounts and book what ran out of them."""
    await tx.together((LOCK, {"wallet": wallet, "members": members}))
    found: dict[str, Any] = await tx.columns(RAN_OUT, RAN_OUT_KINDS, at=at, wallet=wallet, members=members)
    who, lots, left = (found[name].tolist() for name in RAN_OUT_KINDS)
    if not lots:
        return Swept()
    sums: dict[int, int] = defaultdict(int)
    for member_id, points in zip(who, left, strict=True):
        sums[member_id] += points
    entries = await tx.fresh_ids(len(lots))
    booked = {
        "batch_id": tx.batch_id, "wallet": wallet, "at": at, "members": who, "lots": lots, "entries": entries,
        "owners": list(sums), "sums": list(sums.values()),
    }  # fmt: skip
    await tx.together(*((sql, booked) for sql in (EXPIRE, TAKE, EMPTY, LESS)))
    tx.seal(
        f"{entry_id}|{member_id}|{wallet}|expire|{-points}|expire:{lot_id}\n"
        for entry_id, member_id, points, lot_id in zip(entries, who, left, lots, strict=True)
    )
    tell_posted(tx, sorted(sums))
    return Swept(len(lots), sum(left))


async def _release_ended(tx: Tx, at: datetime, limit: int) -> int:
    ended: dict[str, list[Any]] = defaultdict(list)
    for row in await tx.rows(ENDED, at=at, limit=limit):
        ended[row.wallet].append(row)
    released = 0
    for wallet, rows in ended.items():
        book = await open_book(tx, {row.member_id for row in rows}, at=at, wallet=wallet)
        still = await tx.rows(_STILL_OPEN, holds=[row.hold_id for row in rows])
        for hold in still:
            book.unpin(hold.member_id, hold.points, wallet=wallet)
        tell_held(tx, [(row.member_id, lot, part, row.expires_at) for row in still for lot, part in row.lots])
        await tx.run(_CLOSE, holds=[hold.hold_id for hold in still])
        store(tx, book)
        released += len(still)
    return released


async def sweep_merchant(database: Database, merchant_id: int, at: datetime, batch: int = BATCH) -> Swept:
    """Sweep a merchant to the end, one transaction for every `batch` members, so that no one waits long behind it.

    Members who are neighbours are booked together: their rows are neighbours in the indexes as well.
    """
    lots = points = holds = 0
    while True:
        released = await database.attempt(merchant_id, _release_ended, at, batch, hot=True)
        due = await database.attempt(merchant_id, _due, at, AHEAD * batch, hot=True)
        for wallet, members, _ in due:
            for start in range(0, len(members), batch):
                piece = members[start : start + batch]
                done = await database.attempt(merchant_id, _book_due, at, wallet, piece, hot=True)
                lots += done.lots
                points += done.points
        holds += released
        if released < batch and sum(found for *_, found in due) < AHEAD * batch:
            return Swept(lots, points, holds)


async def _due(tx: Tx, at: datetime, limit: int) -> list[Any]:
    return await tx.rows(DUE, at=at, limit=limit)
