"""The sweep: books what time alone has made true already, lots that have run out and holds that have ended."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import msgspec

from shuke.assets.points.actions.holding import tell_held
from shuke.assets.points.actions.posting import open_book, store
from shuke.assets.points.policy import AccountState, Book, Cause, LotState
from shuke.kit.db import Database, Tx

# A pinned lot waits: it does not run out before the hold ends.
_DUE = """
select l.member_id, l.lot_id, l.wallet from lot l
where l.merchant_id = %(merchant_id)s and l.remaining > 0 and l.expires_at <= %(at)s
  and not exists (select from hold h, jsonb_array_elements(h.lots) as p where h.merchant_id = %(merchant_id)s
    and h.member_id = l.member_id and h.state = 'open' and h.expires_at > %(at)s and (p.value ->> 0)::bigint = l.lot_id)
order by l.expires_at, l.member_id, l.lot_id limit %(limit)s
"""
_ENDED = """
select h.hold_id, h.member_id, h.wallet from hold h
where h.merchant_id = %(merchant_id)s and h.state = 'open' and h.expires_at <= %(at)s order by h.hold_id limit %(limit)s
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


class Swept(msgspec.Struct, frozen=True):
    """What one sweep booked."""

    lots: int = 0
    points: int = 0
    holds: int = 0


async def sweep(tx: Tx, at: datetime, limit: int = 500) -> Swept:
    """Book lots that ran out by `at`, each with effective_at = its expires_at, and release ended holds.

    The first `limit` of them, and whatever else of the same members is due: their accounts are locked anyway.

    Repeatable, and safe beside another sweep or spend: every lot is read again under its account's lock, and its entry
    has the key `expire:<lot>`. Nothing to do costs two statements.
    """
    released = await _release_ended(tx, at, limit)
    by_wallet: dict[str, list[Any]] = defaultdict(list)
    for row in await tx.rows(_DUE, at=at, limit=limit):
        by_wallet[row.wallet].append(row)
    lots = points = 0
    for wallet, rows in by_wallet.items():
        members = {row.member_id for row in rows}
        book = await open_book(tx, members, at=at, lots_of=members, wallet=wallet)
        due = [
            (member_id, lot) for (member_id, _), account in sorted(book.accounts.items()) for lot in _due(account, at)
        ]
        await tx.ids.ensure(len(due))
        booked = [_expire(book, member_id, lot, wallet) for member_id, lot in due]
        await store(tx, book)
        lots += len(booked)
        points += sum(booked)
    return Swept(lots, points, released)


def _due(account: AccountState, at: datetime) -> list[LotState]:
    """The lots that ran out and that no hold pins."""
    return [
        lot for lot in account.lots or ()
        if lot.remaining and lot.expires_at is not None and lot.expires_at <= at and lot.free(at) == lot.remaining
    ]  # fmt: skip


def _expire(book: Book, member_id: int, lot: LotState, wallet: str) -> int:
    assert lot.expires_at is not None
    points, why = lot.remaining, {"kind": "expire", "earned_at": lot.earned_at}
    book.expire(member_id, lot, Cause(f"expire:{lot.lot_id}", why, lot.expires_at), wallet=wallet)
    return points


async def _release_ended(tx: Tx, at: datetime, limit: int) -> int:
    ended: dict[str, list[Any]] = defaultdict(list)
    for row in await tx.rows(_ENDED, at=at, limit=limit):
        ended[row.wallet].append(row)
    released = 0
    for wallet, rows in ended.items():
        book = await open_book(tx, {row.member_id for row in rows}, at=at, wallet=wallet)
        still = await tx.rows(_STILL_OPEN, holds=[row.hold_id for row in rows])
        for hold in still:
            book.unpin(hold.member_id, hold.points, wallet=wallet)
        tell_held(tx, [(row.member_id, lot, part, row.expires_at) for row in still for lot, part in row.lots])
        await tx.run(_CLOSE, holds=[hold.hold_id for hold in still])
        await store(tx, book)
        released += len(still)
    return released


async def sweep_merchant(database: Database, merchant_id: int, at: datetime, batch: int = 500) -> Swept:
    """Sweep a merchant to the end, one transaction for every `batch` lots, so that no one waits long behind it."""
    total = Swept()
    while True:
        done = await database.attempt(merchant_id, sweep, at, batch)
        total = Swept(total.lots + done.lots, total.points + done.points, total.holds + done.holds)
        if done.lots < batch and done.holds < batch:
            return total
