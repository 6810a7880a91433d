"""Verbs of the ledger: lock, read, fold in memory, store; each a constant number of statements for any number of items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from shuke.assets.points import models
from shuke.assets.points.events import PointsPosted
from shuke.assets.points.policy import POINTS, AccountState, Book, Cause, LotState, entry_line
from shuke.kit import clock, errors
from shuke.kit.db import AHEAD, Tx

ENSURE = """
insert into account (merchant_id, member_id, wallet)
select %(merchant_id)s, m, %(wallet)s from unnest(%(members)s::bigint[]) as m on conflict do nothing
"""
LOCK = """
select member_id, balance, held, debt, earned_total, spent_total from account
where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[]) and wallet = %(wallet)s
order by member_id for no key update
"""
# What cannot be used yet, by member; found by the index of such lots alone, of which most members have none.
WAITING = """
select l.member_id, sum(l.remaining)::bigint from unnest(%(members)s::bigint[]) as m(member_id)
cross join lateral (select l.member_id, l.remaining from lot l
  where l.merchant_id = %(merchant_id)s and l.member_id = m.member_id and l.remaining > 0 and l.active_from > l.earned_at
    and l.active_from > %(at)s and l.wallet = %(wallet)s order by l.active_from offset 0) l group by l.member_id
"""
# Only who holds something is asked for pins. `offset 0` keeps the order of the join, and an order by the column that is
# looked up leaves one index only, whatever the tables' size was when it was planned (decision 0013).
_LOT = """
select l.member_id, l.lot_id, l.remaining, l.restricted, l.earned_at, l.active_from, l.expires_at, l.entry_id,
  case when a.held > 0 then (
    select jsonb_agg(jsonb_build_array((p.value ->> 1)::bigint, extract(epoch from h.expires_at)::bigint))
    from (select h.lots, h.expires_at from hold h where h.merchant_id = %(merchant_id)s and h.member_id >= l.member_id
      and h.member_id <= l.member_id and h.state = 'open' order by h.member_id offset 0) h,
      jsonb_array_elements(h.lots) as p where (p.value ->> 0)::bigint = l.lot_id) end as pins
"""
_ACCOUNT = """
cross join lateral (select a.held from account a
  where a.merchant_id = %(merchant_id)s and a.member_id = m.member_id and a.wallet = %(wallet)s offset 0) a
"""
LOTS = f"""
{_LOT} from unnest(%(members)s::bigint[]) as m(member_id) {_ACCOUNT}
cross join lateral (select l.* from lot l
  where l.merchant_id = %(merchant_id)s and l.member_id = m.member_id and l.wallet = %(wallet)s and l.remaining > 0 offset 0) l
"""
# The lots that so many points come from, in the order of use (`use_order`), and no more; all of who holds something.
FIRST_LOTS = f"""
{_LOT} from unnest(%(members)s::bigint[], %(enough)s::bigint[]) as m(member_id, enough) {_ACCOUNT}
cross join lateral (select u.* from (
  select l.*, sum(l.remaining) over (order by l.expires_at nulls last, l.restricted desc, l.earned_at, l.lot_id) as upto
  from lot l where l.merchant_id = %(merchant_id)s and l.member_id = m.member_id and l.wallet = %(wallet)s and l.remaining > 0
    and (a.held > 0 or (l.active_from <= %(at)s and (l.expires_at is null or l.expires_at > %(at)s)))) u
  where a.held > 0 or u.upto - u.remaining < m.enough offset 0) l
"""
BOOKED = """
select e.* from unnest(%(keys)s::text[]) as k(key)
cross join lateral (select e.key, e.entry_id, e.member_id, e.wallet, e.points, e.occurred_at from entry e
  where e.merchant_id = %(merchant_id)s and e.key >= k.key order by e.key limit 1) e where e.key = k.key
"""
Statement = tuple[str, dict[str, Any]]


async def open_book(
    tx: Tx, members: Iterable[int], *, at: datetime | None = None, lots_of: Iterable[int] = (), wallet: str = POINTS,
    enough: Mapping[int, int] | None = None,
) -> Book:  # fmt: skip
    """Lock the members' accounts in order of member (creating missing ones) and read the lots of `lots_of`.

    With `enough` only those lots are read that so many points of each member come from at `at`: for spending and nothing else.
    """
    book, _ = await open_asking(tx, members, at=at, lots_of=lots_of, wallet=wallet, enough=enough)
    return book


async def open_asking(
    tx: Tx, members: Iterable[int], *also: Statement, at: datetime | None = None, lots_of: Iterable[int] = (),
    wallet: str = POINTS, enough: Mapping[int, int] | None = None,
) -> tuple[Book, list[list[Any]]]:  # fmt: skip
    """The same and the rows of further questions, asked after the locks in one round trip with all of it."""
    at = at or clock.now()
    wanted = sorted(set(members))
    with_lots = sorted(set(lots_of))
    named = {"members": wanted, "wallet": wallet}
    asked: list[Statement] = [(LOCK, named)]
    if with_lots and enough is None:
        asked.append((LOTS, {"members": with_lots, "wallet": wallet}))
    elif with_lots and enough is not None:
        least = [enough[member_id] for member_id in with_lots]
        asked.append((FIRST_LOTS, {"members": with_lots, "enough": least, "at": at, "wallet": wallet}))
    rows, *found = [await answer.fetchall() for answer in await tx.together(*asked, *also)]
    if len(rows) < len(wanted):
        await tx.run(ENSURE, **named)
        rows, *found = [await answer.fetchall() for answer in await tx.together(*asked, *also)]
    lots = found.pop(0) if with_lots else []
    return book_of(tx, rows, lots, at=at, lots_of=with_lots, wallet=wallet), found


def book_of(
    tx: Tx, accounts: Sequence[Any], lots: Sequence[Any], *, at: datetime | None, lots_of: Iterable[int],
    wallet: str = POINTS,
) -> Book:  # fmt: skip
    """A book from rows already read by `LOCK` and, in a later statement, `LOTS`."""
    book = Book(at or clock.now(), tx.ids.one, tx.batch_id)
    for row in accounts:
        book.accounts[row[0], wallet] = AccountState(row[0], wallet, *row[1:])
    for member_id in lots_of:
        book.accounts[member_id, wallet].lots = []
    for row in lots:
        read = book.accounts[row[0], wallet].lots
        assert read is not None
        read.append(LotState(*row[1:]))
    return book


def booking(tx: Tx, book: Book) -> list[Statement]:
    """The statements that store the entries written since the last call, for those who go on folding; seals and announces
    them. Runs nothing; `storing` does the rest."""
    entries, book.entries = book.entries, []
    if not entries:
        return []
    tx.seal(entry_line(entry) for entry in entries)
    tell_posted(tx, sorted({entry["member_id"] for entry in entries}))
    return [tx.insertion(models.Entry, entries)]


def storing(tx: Tx, book: Book) -> list[Statement]:
    """The statements that store a book; runs nothing. Also seals the entries and announces them."""
    if not book.entries and not book.touched:
        return []
    accounts = [
        {
            "member_id": account.member_id, "wallet": account.wallet, "balance": account.balance, "held": account.held,
            "debt": account.debt, "earned_total": account.earned_total, "spent_total": account.spent_total,
        }
        for account in (book.accounts[key] for key in sorted(book.touched))
    ]  # fmt: skip
    # Upserts even where rows exist: each row is one descent of the primary key, whatever the planner believes of
    # the table's size (a join planned on an empty table costs ten times as much once it has grown).
    parts = "update:balance,held,debt,earned_total,spent_total"
    statements: list[Statement] = [tx.insertion(models.Account, accounts, conflict=parts), *booking(tx, book)]
    for lot in book.lots:
        lot["remaining"] = book.new_lots[lot["lot_id"]].remaining
    if book.lots:
        statements.append(tx.insertion(models.Lot, book.lots))
    changed = [
        {
            "member_id": member_id, "lot_id": lot.lot_id, "wallet": wallet, "entry_id": lot.entry_id, "granted": lot.remaining,
            "remaining": lot.remaining, "earned_at": lot.earned_at, "active_from": lot.active_from,
            "expires_at": lot.expires_at,
        }
        for (member_id, wallet), lot in book.changed.values()
        if lot.lot_id not in book.new_lots
    ]  # fmt: skip
    if changed:  # only `remaining` is written: these rows exist
        statements.append(tx.insertion(models.Lot, changed, conflict="update:remaining"))
    if book.consumption:
        statements.append(tx.insertion(models.Consumption, book.consumption))
    return statements


def tell_posted(tx: Tx, member_ids: list[int]) -> None:
    """One announcement for a transaction: whoever hears it reads the entries of the batch, each once."""
    told = next((event for event in tx.announced if isinstance(event, PointsPosted)), None)
    if told is None:
        tx.announce(PointsPosted(member_ids=member_ids))
    else:
        told.member_ids.extend(member_ids)


def store(tx: Tx, book: Book) -> None:
    """Write what the book collected; nothing waits for it."""
    statements = storing(tx, book)
    if statements:
        tx.ahead(*statements)


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """One credit (earn, bonus, adjust with positive points) or debit (redeem, adjust with negative points).

    `key` is permanent: the same key is booked once. Points are signed; a debit spends what is usable now.
    """

    member_id: int
    points: int
    type: Literal["earn", "bonus", "adjust", "redeem"]
    key: str
    why: dict[str, Any]
    occurred_at: datetime
    expires_at: datetime | None = None
    active_from: datetime | None = None
    order_id: int | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one posting: booked, repeated (the key was booked before), or refused with the reason."""

    state: Literal["booked", "repeated", "refused"]
    entry_id: int | None = None
    refusal: dict[str, Any] | None = None


async def post(tx: Tx, postings: Sequence[Posting], wallet: str = POINTS, *, then: bool = False) -> list[Verdict]:
    """Book many credits and debits, each with its own verdict, in order; repeatable by key; two round trips in all.

    A debit spends what is usable now; with `then`, what was usable when it occurred.
    """
    if not postings:
        return []
    spent: dict[int, int] = defaultdict(int)
    for posting in postings:
        if posting.points < 0:
            spent[posting.member_id] -= posting.points
    members = (posting.member_id for posting in postings)
    keys = (BOOKED, {"keys": [posting.key for posting in postings]})
    book, [rows] = await open_asking(tx, members, keys, lots_of=spent, wallet=wallet, enough=None if then else spent)
    known = {row[0]: row[1] for row in rows}
    await tx.ids.ensure(3 * len(postings))
    verdicts = []
    for posting in postings:
        verdicts.append(_post_one(book, posting, known, wallet, then))
        if len(book.entries) >= AHEAD:  # written while the rest is decided: others wait for these accounts
            tx.ahead(*booking(tx, book))
    store(tx, book)
    return verdicts


async def booked(tx: Tx, keys: Sequence[str]) -> dict[str, int]:
    """Which of these keys are in the ledger already, with their entry ids; ask after locking the accounts."""
    return {row[0]: row[1] for row in await _read(tx, BOOKED, keys=list(keys))}


async def booked_as(tx: Tx, keys: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """What the ledger has under these keys: member, wallet, points, and when it occurred."""
    return {row[0]: tuple(row[2:]) for row in await _read(tx, BOOKED, keys=list(keys))}


async def _read(tx: Tx, sql: str, **named: Any) -> list[Any]:
    (cursor,) = await tx.together((sql, named))
    return await cursor.fetchall()


def _post_one(book: Book, posting: Posting, known: dict[str, int], wallet: str, then: bool) -> Verdict:
    if posting.key in known:
        return Verdict(state="repeated", entry_id=known[posting.key])
    cause = Cause(posting.key, posting.why, posting.occurred_at, order_id=posting.order_id)
    try:
        if posting.points > 0:
            entry_id = book.credit(
                posting.member_id, posting.points, cause, kind=posting.type, wallet=wallet,
                active_from=posting.active_from, expires_at=posting.expires_at,
            )  # fmt: skip
        else:
            at = posting.occurred_at if then else None
            entry_id = book.spend(posting.member_id, -posting.points, cause, kind=posting.type, wallet=wallet, at=at)
    except errors.Refused as refusal:
        return Verdict(state="refused", refusal=refusal.body())
    known[posting.key] = entry_id
    return Verdict(state="booked", entry_id=entry_id)
