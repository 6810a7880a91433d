"""`shuke bench living`: what one round of the live loop costs with few and with many live segments, in the same run.

A round takes in the members of whom something happened in a fifth of a second. The segments share their conditions as a shop's do:
windows and thresholds come from short lists. The figure is how much dearer a round is with the most segments than with the fewest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

from bench import baseline
from bench.segments import fill
from shuke.doors import setup, wiring
from shuke.ground import mirror
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.db import Database

if TYPE_CHECKING:
    from datetime import datetime

SIZES = (10, 100, 300)
CITIES = ("上海", "北京", "杭州", "成都", "广州")
DAYS = (7, 14, 30, 60, 90, 180)
WARM = 2


def conditions(number: int) -> list[dict[str, Any]]:
    """Three conditions for the segment of that number, from a stock that many segments share."""
    days, city = DAYS[number % len(DAYS)], CITIES[number % len(CITIES)]
    stock: list[dict[str, Any]] = [
        {"did": "order", "window": {"last": f"{days}d"}, "op": ">=", "value": 1 + number % 4},
        {"did": "order", "window": {"last": f"{days}d"}, "op": "eq", "value": 0},
        {"did": "order", "window": {"last": f"{days}d"}, "measure": {"sum": "amount_fen"}, "op": ">=",
         "value": 10_000 * (1 + number % 5)},
        {"did": "view", "window": {"last": f"{days}d"}, "op": ">=", "value": 1 + number % 3},
        {"did": "view", "window": {"last": "36h"}},
        {"did": "order", "measure": "days_since_last", "op": ">", "value": days},
    ]  # fmt: skip
    return [stock[number % 6], stock[(number // 6 + 1) % 6], {"attr": "city", "op": "eq", "value": city}]


@dataclass(slots=True)
class Asked:
    """How many questions went to the mirror, and how long they took together."""

    count: int = 0
    seconds: float = 0.0
    turns: list[float] = field(default_factory=list)


def _listening(opened: mirror.Mirror) -> Asked:
    """Count what the engine is asked from now on."""
    asked = Asked()
    plain = opened.engine._run

    async def counted(pool: Any, call: Any) -> Any:
        started = clock.monotonic()
        try:
            return await plain(pool, call)
        finally:
            asked.count += 1
            asked.seconds += clock.monotonic() - started

    opened.engine._run = counted  # type: ignore[method-assign]
    return asked


async def measure(members: int, events: int, changed: int, rounds: int) -> dict[str, Any]:
    """Fill an engine and a server of our own, and run the rounds with more and more segments."""
    assert wiring.FACTS
    with tempfile.TemporaryDirectory() as folder, baseline.server() as server:
        database = await Database.open(server.url)
        opened = await mirror.open_mirror(f"chdb://{folder}/columns")
        try:
            at = clock.now()
            merchant_id = await setup.create_merchant(
                database, slug="bench", name="bench", zone="Asia/Shanghai", at=at, stores=()
            )
            await mirror.drain(opened, database, merchant_id)  # an engine that is new is emptied once
            for statement in fill(members, events, at, merchant_id):
                await opened.engine.command(statement)
            await _say_copied(database, merchant_id, at)
            cases, made = [], 0
            for size in SIZES:
                made = await _create(database, opened, merchant_id, (made, size))
                cases.append(await _case(database, opened, merchant_id, size, (members, changed, rounds)))
            single = await _single(database, merchant_id, members)
        finally:
            await mirror.close_mirror(opened)
            await database.close()
    return {
        "bench": "living", "members": members, "events": events, "changed": changed, "cases": cases,
        "ratio": round(cases[-1]["ms"] / cases[0]["ms"], 2), "of_member": single,
    }  # fmt: skip


async def _single(database: Database, merchant_id: int, members: int) -> dict[str, float]:
    """How long it takes to tell which of all segments one member is in."""
    took, found = [], 0
    for number in range(WARM, WARM + 200):
        started = clock.monotonic()
        async with database.read(merchant_id) as tx:
            found += len(await segments.of_member(tx, 1 + number * 7919 % members))
        took.append((clock.monotonic() - started) * 1_000)
    took.sort()
    case = {"p50_ms": round(took[100], 1), "p99_ms": round(took[198], 1), "segments": round(found / 200, 1)}
    baseline.note(
        f"one member in all segments: {case['p50_ms']} ms, p99 {case['p99_ms']} ms, in {case['segments']} on average"
    )
    return case


async def _say_copied(database: Database, merchant_id: int, at: datetime) -> None:
    """Nothing of the log is to be copied any more: the rounds bring their own rows."""
    async with database.directory() as tx:
        await tx.run(
            "insert into mirror_cursor (merchant_id, seq, latest_at, marks, applied_at) "
            """values (%(m)s, 1000000000000000, %(at)s, '{"members": 1}', %(at)s) on conflict (merchant_id) do update """
            "set seq = excluded.seq, latest_at = excluded.latest_at, marks = excluded.marks",
            m=merchant_id, at=at,
        )  # fmt: skip


async def _create(database: Database, opened: mirror.Mirror, merchant_id: int, span: tuple[int, int]) -> int:
    async with database.write(merchant_id) as tx:
        for number in range(*span):
            await segments.create_segment(
                tx, name=f"会员 {number}", slug=f"s{number}", rule={"all": conditions(number)}, at=clock.now()
            )
    await segments.refresh(database, opened, merchant_id, clock.now())
    return span[1]


async def _case(
    database: Database, opened: mirror.Mirror, merchant_id: int, size: int, load: tuple[int, int, int]
) -> dict[str, Any]:
    members, changed, rounds = load
    asked, flips = _listening(opened), 0
    wall: list[float] = []
    spent: list[float] = []
    for turn in range(WARM + rounds):
        touched = await _happen(opened, merchant_id, (members, changed, size * 1_000 + turn))
        segments.note_changed(merchant_id, touched)
        if turn == WARM:
            asked.count, asked.seconds = 0, 0.0
        started, cpu = clock.monotonic(), process_time()
        before = asked.count
        lived = await segments.live(database, opened, merchant_id, clock.now(), timed=turn % 5 == 0)
        asked.turns.append(asked.count - before)
        wall.append(clock.monotonic() - started)
        spent.append(process_time() - cpu)
        flips += sum(one.entered + one.left for one in lived.refreshed)
    case = {
        "segments": size, "ms": round(median(wall[WARM:]) * 1_000, 1), "ms_worst": round(max(wall[WARM:]) * 1_000, 1),
        "cpu_ms": round(median(spent[WARM:]) * 1_000, 1), "questions": median(asked.turns[WARM:]), "flips": flips,
    }  # fmt: skip
    baseline.note(
        f"{size} segments: {case['ms']} ms a round (worst {case['ms_worst']}), {case['cpu_ms']} ms of CPU, "
        f"{case['questions']} questions, {flips} flips"
    )
    del opened.engine._run
    return case


async def _happen(opened: mirror.Mirror, merchant_id: int, dice: tuple[int, int, int]) -> list[int]:
    """Orders of some members, just now."""
    members, changed, seed = dice
    step = max(1, members // changed)
    touched = [1 + (n * step + seed * 7) % members for n in range(changed)]
    at = mirror.instant_literal(clock.now() - timedelta(seconds=1))
    listed = ", ".join(map(str, touched))
    for name, _ in opened.registry.tables["orders"].physical:
        await opened.engine.command(
            f"INSERT INTO {name} (merchant, member, at, day, effective_at, order_id, row_id, sign, amount_fen, list_fen, "
            f"items, channel, store, weekday, hour, seq, applied) SELECT {merchant_id}, arrayJoin([{listed}]) AS member, {at}, "
            f"toDate({at}, 'Asia/Shanghai'), {at}, {10**12 + seed * 10**6} + member AS order_id, order_id, 1, 12800, 15800, 1, "
            f"'pos', 's1', 1, 12, order_id, order_id"
        )
    return touched


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="shuke bench living")
    parser.add_argument("--members", type=int, default=200_000)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--changed", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args(arguments)
    print(json.dumps(asyncio.run(measure(options.members, options.events, options.changed, options.rounds))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
