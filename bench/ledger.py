"""`shuke bench ledger`: set-based movements against bare pgbench on the same server in the same run, the sweep, and the audit
of it all.

Figures are movements a second, each with its entry, lot, account, chain link and outbox row, durably committed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bench import baseline
from shuke.assets import audit, points
from shuke.doors import setup
from shuke.kit import clock
from shuke.kit.db import Database

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

BATCH = 500
FEW = 10_000
WHY = {"kind": "bench", "zh": "压测", "en": "benchmark"}
VALID = timedelta(days=400)
LATER = timedelta(days=500)

_PIECE = 100_000
_MADE = """
from generate_series(0, %(count)s::bigint - 1) as n(i), lateral (
  select %(first)s::bigint + n.i as member_id,
    (%(blocks)s::bigint[])[1 + 2 * (n.i / 1000)] * 1000 + n.i %% 1000 as entry_id,
    (%(blocks)s::bigint[])[2 + 2 * (n.i / 1000)] * 1000 + n.i %% 1000 as lot_id) m
"""
_FILLED = (
    f"""insert into account (merchant_id, member_id, wallet, balance, earned_total)
select %(merchant_id)s, m.member_id, 'points', 100000, 100000 {_MADE}""",
    f"""insert into entry (merchant_id, batch_id, entry_id, member_id, wallet, type, points, key, why, occurred_at, effective_at,
  recorded_at)
select %(merchant_id)s, %(batch_id)s, m.entry_id, m.member_id, 'points', 'earn', 100000, 'open:' || m.member_id,
  %(why)s::jsonb, %(at)s, %(at)s, %(at)s {_MADE}""",
    f"""insert into lot (merchant_id, member_id, lot_id, wallet, entry_id, granted, remaining, earned_at, active_from, expires_at)
select %(merchant_id)s, m.member_id, m.lot_id, 'points', m.entry_id, 100000, 100000, %(at)s, %(at)s, %(until)s {_MADE}""",
)
_LINES = """
select string_agg(e.line, '' order by e.line collate "C") from (
  select entry_id || '|' || member_id || '|points|earn|100000|' || key || E'\\n' as line from entry
  where merchant_id = %(merchant_id)s and batch_id = %(batch_id)s) e
"""


async def measure(members: int, events: int, seconds: int = 8, audited: bool = True) -> dict[str, Any]:
    """Fill a server of our own and measure; `events` movements in batches of 500, at `FEW` members and at `members`."""
    with baseline.server() as server:
        database = await Database.open(server.url)
        try:
            return await _measure(database, server.bare, members, events, seconds, audited)
        finally:
            await database.close()


async def _measure(
    database: Database, bare: str, members: int, events: int, seconds: int, audited: bool
) -> dict[str, Any]:
    merchant_id = await setup.create_merchant(
        database, slug="bench", name="压测", zone="Asia/Shanghai", at=clock.now(), stores=()
    )
    await baseline.prepare(bare)
    first = await baseline.pgbench(bare, seconds)
    baseline.note(f"pgbench: {first:,.0f} transactions a second")
    work = _Work(database, merchant_id)
    opened = await work.open(min(FEW, members))
    small = await work.mixed(events // 4, lanes=1)
    baseline.note(f"with {work.members:,} members: {small:,.0f} a second")
    opened = await work.fill(members) or opened
    baseline.note(f"filling up to {members:,} members: {opened:,.0f} members a second")
    one = await work.mixed(events // 2, lanes=1)
    four = await work.mixed(events // 4, lanes=4)
    baseline.note(f"in batches of {BATCH}: {one:,.0f} a second, four writers {four:,.0f}")
    alone = await work.singles(min(events // 20, 20_000))
    last = await baseline.pgbench(bare, seconds)
    baseline.note(f"pgbench again: {last:,.0f}; one posting a transaction, 32 callers: {alone:,.0f}")
    swept = await work.sweep()
    baseline.note(f"sweep: {swept:,.0f} lots a second")
    bare_tps = (first + last) / 2
    return {
        "bench": "ledger", "members": members, "events": events, "batch": BATCH,
        "mix": "70 % earn, 20 % spend, 5 % hold and capture, 5 % reverse",
        "per_second": round(max(one, four)), "per_second_one_writer": round(one),
        "per_second_four_writers": round(four), "per_second_single_32": round(alone),
        "baseline": {"pgbench_tps": round(bare_tps), "before": round(first), "after": round(last), "clients": 32},
        "ratio": round(max(one, four) / bare_tps, 2), "ratio_single_32": round(alone / bare_tps, 2),
        "flat": {"few": min(FEW, members), "many": members, "ratio": round(one / small, 2)},
        "sweep_lots_per_second": round(swept),
        "audit": await _audited(database, merchant_id) if audited else None,
    }  # fmt: skip


async def _audited(database: Database, merchant_id: int) -> dict[str, Any]:
    found = await audit.audit(database, merchant_id, clock.now() + LATER)
    entries, seconds = found["totals"]["points"]["entries"], found["seconds"]
    return {
        "entries": entries, "seconds": seconds, "differences": found["differences"],
        "entries_per_second": round(entries / max(seconds, 0.01)),
    }  # fmt: skip


class _Work:
    """The movements of one merchant: each batch of one kind, fourteen that earn, four that spend, one that holds and
    captures, and one that takes back what earlier ones gave, in turn."""

    def __init__(self, database: Database, merchant_id: int) -> None:
        self._database, self._merchant_id = database, merchant_id
        self._chance = random.Random(7)
        self._number = 0
        self._given: list[tuple[int, int, int]] = []
        self.members = 0

    async def open(self, members: int) -> float:
        """Members up to this number, each with points to spend for ever; postings a second."""
        new = range(self.members + 1, members + 1)
        batches = ([*new[start : start + BATCH]] for start in range(0, len(new), BATCH))
        lanes = _timed((partial(self._post, [self._credit(member, 100_000) for member in each]) for each in batches), 1)
        self.members = max(members, self.members)
        return await lanes if new else 0.0

    async def fill(self, members: int) -> float:
        """The same by few statements, made on the server: for millions; members a second."""
        new = range(self.members + 1, members + 1)
        pieces = (
            partial(self._fill, start, min(_PIECE, new.stop - start)) for start in range(new.start, new.stop, _PIECE)
        )
        rate = await _timed(pieces, 2) if new else 0.0
        self.members = max(members, self.members)
        async with self._database.directory() as tx:
            await tx.run("analyze account, entry, lot")
        return rate

    async def _fill(self, start: int, count: int) -> int:
        async with self._database.write(self._merchant_id, hot=True) as tx:
            numbers = "select nextval('shuke_id_block') as block from generate_series(1, %(count)s)"
            blocks = [row.block for row in await tx.rows(numbers, count=2 * (count // 1_000 + 1))]
            given = {
                "first": start, "count": count, "blocks": blocks, "batch_id": tx.batch_id, "at": clock.now(),
                "until": clock.now() + 2 * LATER, "why": json.dumps(WHY, ensure_ascii=False),
            }  # fmt: skip
            await tx.together(*((sql, given) for sql in _FILLED))
            tx.seal([await tx.value(_LINES, batch_id=tx.batch_id)])
        return count

    async def mixed(self, count: int, lanes: int) -> float:
        """So many movements in batches; movements a second."""
        kinds = ([self._earn] * 7 + [self._spend] * 2) * 2 + [self._hold, self._reverse]
        return await _timed((kinds[turn % 20] for turn in range(count // BATCH)), lanes)

    async def singles(self, count: int) -> float:
        """One credit or debit in each transaction, 32 callers."""
        postings = [self._debit() if turn % 5 == 0 else self._credit(self._any(), 9) for turn in range(count)]
        return await _timed((partial(self._post, [posting]) for posting in postings), 32)

    async def sweep(self) -> float:
        """All that was earned runs out; lots a second."""
        began = clock.monotonic()
        done = await points.sweep_merchant(self._database, self._merchant_id, clock.now() + LATER)
        return done.lots / (clock.monotonic() - began)

    def _any(self) -> int:
        return self._chance.randrange(self.members) + 1

    def _key(self) -> str:
        self._number += 1
        return f"k{self._number}"

    def _credit(self, member: int, amount: int) -> points.Posting:
        now = clock.now()
        return points.Posting(
            member_id=member, points=amount, type="earn", key=self._key(), why=WHY, occurred_at=now,
            expires_at=now + (VALID if amount < 100_000 else 2 * LATER),
        )  # fmt: skip

    def _debit(self) -> points.Posting:
        return points.Posting(
            member_id=self._any(), points=-self._chance.randrange(1, 20), type="redeem", key=self._key(), why=WHY,
            occurred_at=clock.now(),
        )  # fmt: skip

    async def _post(self, postings: list[points.Posting]) -> int:
        async with self._database.write(self._merchant_id, hot=True) as tx:
            verdicts = await points.post(tx, postings)
        assert all(verdict.state == "booked" for verdict in verdicts), "every member can pay"
        if len(self._given) < 4 * BATCH and postings[0].points > 0:
            self._given += [
                (posting.member_id, posting.points, verdict.entry_id or 0)
                for posting, verdict in zip(postings, verdicts, strict=True)
                if posting.points < 1_000
            ]
        return len(postings)

    async def _earn(self) -> int:
        return await self._post([self._credit(self._any(), self._chance.randrange(1, 500)) for _ in range(BATCH)])

    async def _spend(self) -> int:
        return await self._post([self._debit() for _ in range(BATCH)])

    async def _hold(self) -> int:
        """Half a batch held, and captured in a transaction of its own."""
        now = clock.now()
        requests = [
            points.HoldRequest(member_id=self._any(), points=5, key=self._key(), why=WHY, expires_at=now + VALID)
            for _ in range(BATCH // 2)
        ]
        async with self._database.write(self._merchant_id, hot=True) as tx:
            await points.hold(tx, requests, now)
        async with self._database.write(self._merchant_id, hot=True) as tx:
            verdicts = await points.capture(tx, [request.key for request in requests], clock.now())
        assert all(verdict.state == "done" for verdict in verdicts)
        return 2 * len(requests)

    async def _reverse(self) -> int:
        """A batch of what was given is taken back, as a refund does."""
        chosen, self._given = self._given[:BATCH], self._given[BATCH:]
        async with self._database.write(self._merchant_id, hot=True) as tx:
            members = {member for member, _, _ in chosen}
            book = await points.open_book(tx, members, at=clock.now(), lots_of=members)
            await tx.ids.ensure(2 * len(chosen))
            for member, amount, entry_id in chosen:
                cause = points.Cause(f"take:{entry_id}", WHY, clock.now(), of_entry_id=entry_id)
                book.take_back(member, amount, cause, own_entry=entry_id)
            points.store(tx, book)
        return len(chosen)


async def _timed(works: Iterator[Callable[[], Awaitable[int]]], lanes: int) -> float:
    """Movements a second, with so many writers beside each other."""

    async def lane() -> int:
        done = 0
        for work in works:
            done += await work()
        return done

    began = clock.monotonic()
    done = sum(await asyncio.gather(*(lane() for _ in range(lanes))))
    return done / (clock.monotonic() - began)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the last line of stdout is the result as JSON."""
    parser = argparse.ArgumentParser(prog="shuke bench ledger", description=__doc__)
    parser.add_argument("--members", type=int, default=50_000)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--seconds", type=int, default=8, help="of pgbench, before and after")
    parser.add_argument("--no-audit", action="store_true", help="leave out the audit of all entries at the end")
    given = parser.parse_args(arguments)
    result = asyncio.run(measure(given.members, given.events, given.seconds, not given.no_audit))
    print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
