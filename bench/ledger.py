"""`shuke bench ledger`: set-based posting against bare pgbench on the same server in the same run, and the audit of it all.

Figures are postings a second, each with its entry, lot, account, chain link and outbox row, durably committed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from datetime import timedelta
from typing import Any

from bench import baseline
from shuke.assets import audit, points
from shuke.doors import setup
from shuke.kit import clock
from shuke.kit.db import Database

BATCH = 500
WHY = {"kind": "bench", "zh": "压测", "en": "benchmark"}
VALID = timedelta(days=400)


async def measure(members: int, events: int, seconds: int = 8) -> dict[str, Any]:
    """Fill a server of our own and measure; `events` postings in batches of 500, a fifth of them spending."""
    with baseline.server() as server:
        database = await Database.open(server.url)
        try:
            return await _measure(database, server.bare, members, events, seconds)
        finally:
            await database.close()


async def _measure(database: Database, bare: str, members: int, events: int, seconds: int) -> dict[str, Any]:
    merchant_id = await setup.create_merchant(
        database, slug="bench", name="bench", zone="Asia/Shanghai", at=clock.now(), stores=()
    )
    await baseline.prepare(bare)
    first = await baseline.pgbench(bare, seconds)
    baseline.note(f"pgbench: {first:,.0f} transactions a second")
    chance = random.Random(7)
    opening = _batches([_credit(member, 1_000, f"open:{member}") for member in range(1, members + 1)])
    opened = await _timed(database, merchant_id, opening, lanes=1)
    baseline.note(f"opening {members:,} members: {opened:,.0f} postings a second")
    postings = [_any(chance, members, number) for number in range(events)]
    one = await _timed(database, merchant_id, _batches(postings[: events // 2]), lanes=1)
    four = await _timed(database, merchant_id, _batches(postings[events // 2 :]), lanes=4)
    baseline.note(f"in batches of {BATCH}: {one:,.0f} a second, four writers {four:,.0f}")
    singles = [[_any(chance, members, events + number)] for number in range(min(events // 20, 20_000))]
    alone = await _timed(database, merchant_id, singles, lanes=32)
    last = await baseline.pgbench(bare, seconds)
    baseline.note(f"pgbench again: {last:,.0f}; one posting a transaction, 32 callers: {alone:,.0f}")
    audited = await audit.audit(database, merchant_id, clock.now())
    bare_tps = (first + last) / 2
    entries = audited["totals"]["points"]["entries"]
    return {
        "bench": "ledger", "members": members, "events": events, "batch": BATCH,
        "postings_per_second": round(max(one, four)), "postings_per_second_one_writer": round(one),
        "postings_per_second_four_writers": round(four), "postings_per_second_single_32": round(alone),
        "baseline": {"pgbench_tps": round(bare_tps), "before": round(first), "after": round(last), "clients": 32},
        "ratio": round(max(one, four) / bare_tps, 2), "ratio_single_32": round(alone / bare_tps, 2),
        "audit": {
            "entries": entries, "seconds": audited["seconds"], "differences": audited["differences"],
            "entries_per_second": round(entries / max(audited["seconds"], 0.01)),
        },
    }  # fmt: skip


def _credit(member: int, amount: int, key: str) -> points.Posting:
    now = clock.now()
    return points.Posting(
        member_id=member, points=amount, type="earn", key=key, why=WHY, occurred_at=now, expires_at=now + VALID
    )


def _any(chance: random.Random, members: int, number: int) -> points.Posting:
    member = chance.randrange(members) + 1
    if chance.random() < 0.2:
        return points.Posting(
            member_id=member, points=-chance.randrange(1, 20), type="redeem", key=f"s{number}", why=WHY,
            occurred_at=clock.now(),
        )  # fmt: skip
    return _credit(member, chance.randrange(1, 500), f"e{number}")


def _batches(postings: list[points.Posting]) -> list[list[points.Posting]]:
    return [postings[start : start + BATCH] for start in range(0, len(postings), BATCH)]


async def _timed(database: Database, merchant_id: int, batches: list[list[points.Posting]], lanes: int) -> float:
    """Postings a second, with so many writers beside each other."""
    waiting = iter(batches)

    async def lane() -> int:
        done = 0
        for batch in waiting:
            async with database.write(merchant_id, hot=True) as tx:
                verdicts = await points.post(tx, batch)
            assert all(verdict.state == "booked" for verdict in verdicts), "every member can pay"
            done += len(batch)
        return done

    began = clock.monotonic()
    done = sum(await asyncio.gather(*(lane() for _ in range(lanes))))
    return done / (clock.monotonic() - began)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the last line of stdout is the result as JSON."""
    parser = argparse.ArgumentParser(prog="shuke bench ledger", description=__doc__)
    parser.add_argument("--members", type=int, default=50_000)
    parser.add_argument("--events", type=int, default=200_000)
    given = parser.parse_args(arguments)
    result = asyncio.run(measure(given.members, given.events))
    print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
