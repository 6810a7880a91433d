"""`shuke bench flips`: from an order acknowledged to its flips recorded and what reacts to them done, through the running product.

Where the seconds go: until the mirror had copied the order, its members were asked about, the flips were there, what reacts done.
Then a midnight (without a crowd there is none): the business date changes while orders come in, and a crowd enters and leaves by
time alone. The mirror is filled in the engine beforehand; members who buy are in PostgreSQL too. Instants are those at which
another connection sees the commit. Models are not fitted meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bench import baseline, ingest, living
from bench.segments import fill
from shuke.doors import engines, setup, wiring
from shuke.ground import access, mirror, tenancy
from shuke.insight import segments
from shuke.kit import clock, config

if TYPE_CHECKING:
    from pathlib import Path

    from shuke.kit.db import Database

ZONE = ZoneInfo("Asia/Shanghai")
FOLLOWER = next(reader.name for reader in wiring.READERS if segments.SegmentRefreshed in reader.reactions)
"""Who carries flips to what reacts to them."""
BUYERS = 20_000
"""Members who are in PostgreSQL and buy, one after the other."""
_FILLED = """
insert into mirror_cursor as c (merchant_id, seq, latest_at, marks, applied_at) values (1, 1, %(at)s, '{"members": 1}', %(at)s)
on conflict (merchant_id) do update set seq = greatest(c.seq, 1), latest_at = excluded.latest_at, marks = excluded.marks
"""
_SEEN = """
select h.seq as head, coalesce(m.seq, 0) as mirrored,
    (select coalesce(min(c.seq), 0) from relay_cursor c where c.merchant_id = 1) as all_heard,
    (select coalesce(max(c.seq), 0) from relay_cursor c where c.merchant_id = 1 and c.reader = %(reader)s) as heard
from merchant_head h left join mirror_cursor m on m.merchant_id = h.merchant_id where h.merchant_id = 1
"""
_REFRESHES = """
select o.seq, o.at, r.refresh_id, r.at as asked from outbox o join segment_refresh r on r.merchant_id = 1
    and r.refresh_id = (o.payload->>'refresh_id')::bigint
where o.merchant_id = 1 and o.kind = 'segment_refreshed' and o.at >= %(began)s
"""
_FLIPS = """
select f.refresh_id, f.member_id, f.reason from segment_flip f where f.merchant_id = 1 and f.at >= %(began)s
"""
_ORDERS = """
select o.seq, o.at, d.member_id from outbox o cross join lateral jsonb_array_elements_text(o.payload->'order_ids') as l(order_id)
join orders d on d.merchant_id = 1 and d.order_id = l.order_id::bigint
where o.merchant_id = 1 and o.kind = 'orders_recorded' and o.at >= %(began)s order by o.seq
"""


@dataclass(slots=True)
class Shop:
    """What the merchant of the benchmark is to be: how many members and events, segments, and who leaves by time alone."""

    members: int
    events: int
    count: int
    crowd: int
    lead: timedelta
    key: str = ""
    midnight: datetime = field(default_factory=clock.now)

    async def prepare(self, home: Path) -> None:
        """Fill a data folder before the product starts on it; the next business date begins when `lead` has passed."""
        settings = replace(config.load(), home=home)
        async with engines.opened(settings) as context:
            opened, database = context.mirror, context.database
            assert opened is not None
            at = clock.now()
            merchant_id = await setup.create_merchant(
                database, slug="bench", name="压测", zone=ZONE.key, at=at, stores=["s1"]
            )
            assert merchant_id == 1
            await mirror.rebuild(opened, database, merchant_id)  # the tables get their mark: the product keeps them
            for statement in fill(self.members, self.events, at, merchant_id):
                await opened.engine.command(statement)
            async with database.directory() as tx:
                await tx.run(_FILLED, at=at)
            async with database.write(merchant_id) as tx:
                self.key = (await access.create_key(tx, "bench", ["orders.write"], at))[1]
                # The models are fitted at night, for minutes and on a core: not while this is measured.
                await tx.run("update due set at = %(at)s where kind = 'profiles_fit'", at=at + timedelta(days=1))
            self.midnight = (clock.now() + self.lead + timedelta(seconds=60)).replace(second=0, microsecond=0)
            await self._start_of_day(database, opened)
            await living._create(database, opened, merchant_id, (0, self.count))

    async def _start_of_day(self, database: Database, opened: mirror.Mirror) -> None:
        """Let the business date begin at that minute, and thirty days end then for the crowd: the members with high numbers."""
        local = self.midnight.astimezone(ZONE)
        async with database.write(1) as tx:
            await tenancy.change_merchant(tx, day_start_minutes=local.hour * 60 + local.minute)
        last = mirror.instant_literal(self.midnight - timedelta(days=30) + timedelta(hours=1))
        await opened.engine.command(
            "INSERT INTO orders (merchant, member, at, day, effective_at, order_id, row_id, sign, amount_fen, list_fen, items, "
            f"channel, store, weekday, hour, seq, applied) SELECT 1, {self.members} - number AS member, {last} AS at, "
            f"toDate('{local.date() - timedelta(days=30)}'), at, {10**13} + number AS order_id, order_id, 1, 12800, 15800, 1, "
            f"'pos', 's1', 1, 12, order_id, 1 FROM numbers({self.crowd})"
        )


class Watch:
    """When which announcement was there, and when the reactions had heard it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.instants: list[datetime] = []
        self._heads: list[int] = []
        self._mirrored: list[int] = []
        self._heard: list[int] = []
        self._all_heard: list[int] = []
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            async with self._database.directory() as tx:
                row = await tx.one(_SEEN, reader=FOLLOWER)
            assert row is not None
            self.instants.append(clock.now())
            self._heads.append(row.head)
            self._mirrored.append(row.mirrored)
            self._heard.append(row.heard)
            self._all_heard.append(row.all_heard)
            await asyncio.sleep(0.02)

    async def caught_up(self, most_seconds: float) -> None:
        """Wait until membership is quiet and what reacts has heard all there is; at most so long."""
        await asyncio.sleep(5)
        until = clock.now() + timedelta(seconds=most_seconds)
        while clock.now() < until and (self._all_heard[-1] < self._heads[-1] or self._heads[-1] > self._heads[-100]):
            await asyncio.sleep(0.2)

    def stop(self) -> None:
        """Look no more."""
        self._task.cancel()

    def recorded(self, seq: int) -> datetime:
        """When it was there."""
        return self._when(self._heads, seq)

    def mirrored(self, seq: int) -> datetime:
        """When the mirror had copied it."""
        return self._when(self._mirrored, seq)

    def heard(self, seq: int) -> datetime:
        """When what reacts to it was done."""
        return self._when(self._heard, seq)

    def _when(self, places: list[int], seq: int) -> datetime:
        """The instant of the first look that saw it; what nobody saw yet counts as seen by the last look."""
        return self.instants[min(bisect.bisect_left(places, seq), len(places) - 1)]


async def _told(run: ingest.Product, watch: Watch, began: datetime) -> dict[str, Any]:
    """Of all flips since then: how long after their order they were there, and what reacts done; and of those by time the last."""
    async with run.database.read(1) as tx:
        refreshes = {row.refresh_id: row for row in await tx.rows(_REFRESHES, began=began)}
        flips = await tx.rows(_FLIPS, began=began)
        orders: dict[int, list[tuple[int, datetime]]] = {}
        for row in await tx.rows(_ORDERS, began=began):
            orders.setdefault(row.member_id, []).append((row.seq, row.at))
    timed: list[datetime] = []
    stages: dict[str, list[float]] = {name: [] for name in ("mirrored", "asked", "recorded", "reacted")}
    for flip in flips:
        refresh = refreshes.get(flip.refresh_id)
        if refresh is None:
            continue
        if flip.reason == "time":
            timed.append(watch.recorded(refresh.seq))
            continue
        before = [place for place in orders.get(flip.member_id, ()) if place[0] < refresh.seq]
        if before:
            seq, at = before[-1]
            reached = (watch.mirrored(seq), refresh.asked, watch.recorded(refresh.seq), watch.heard(refresh.seq))
            for seconds, instant in zip(stages.values(), reached, strict=True):
                seconds.append((instant - at).total_seconds())
    return {
        "orders": sum(map(len, orders.values())), "flips": len(stages["recorded"]),
        **{name: _spread(seconds) for name, seconds in stages.items()},
        "flips_by_time": len(timed), "last_by_time": max(timed, default=None),
    }  # fmt: skip


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    return {
        "p50_s": round(ordered[len(ordered) // 2], 2),
        "p99_s": round(ordered[int(len(ordered) * 0.99)], 2),
        "worst_s": round(ordered[-1], 2),
    }


async def measure(shop: Shop, seconds: float, rates: tuple[float, float]) -> dict[str, Any]:
    """Orders at a rate for some seconds; then, at a rate of its own, orders while midnight passes."""
    rate, beside = rates
    async with ingest.product(shop.prepare) as run:
        await run.drive([shop.key], 4, 0, BUYERS, batch=-BUYERS)
        await ingest.settled(run)
        baseline.note(f"{shop.members:,} members, {BUYERS:,} of whom bought; midnight at {shop.midnight:%H:%M} UTC")
        await asyncio.sleep(2)
        watch = Watch(run.database)
        began = clock.now()
        load = await run.drive([shop.key], 32, seconds, BUYERS, rate=rate, each_once=True)
        await watch.caught_up(20)
        live = await _told(run, watch, began)
        baseline.note(f"{load['per_second']} orders a second, callers waited {load['p99_ms']} ms (p99): {live}")
        if not shop.crowd:
            return {"bench": "flips", "members": shop.members, "events": shop.events, "live": live | {"load": load}}
        left = (shop.midnight - clock.now()).total_seconds()
        assert left > 3, "midnight came before its load: choose a longer --lead"
        baseline.note(f"midnight in {left:.0f} s")
        await asyncio.sleep(left - 3)
        began = clock.now()
        crowded = await run.drive([shop.key], 16, seconds + 8, BUYERS, rate=beside, each_once=True)
        await watch.caught_up(45)
        night = await _told(run, watch, began)
        watch.stop()
        async with run.database.read(1) as tx:
            kept = await segments.list_segments(tx)
    last = night.pop("last_by_time")
    live.pop("last_by_time")
    took = round((last - shop.midnight).total_seconds(), 2) if last else None
    baseline.note(
        f"midnight: {night['flips_by_time']} flips in {took} s, {crowded['per_second']} orders a second: {night}"
    )
    return {
        "bench": "flips", "members": shop.members, "events": shop.events, "segments": len(kept),
        "live": live | {"load": load}, "midnight": night | {"seconds": took, "load": crowded},
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="shuke bench flips")
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=4_000_000)
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--crowd", type=int, default=120_000)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--rate", type=float, default=1_000)
    parser.add_argument("--beside", type=float, default=200, help="orders a second while midnight passes")
    parser.add_argument("--lead", type=float, default=75, help="seconds from a filled folder to midnight, at least")
    given = parser.parse_args(arguments)
    shop = Shop(given.members, given.events, given.segments, given.crowd, timedelta(seconds=given.lead))
    print(json.dumps(asyncio.run(measure(shop, given.seconds, (given.rate, given.beside)))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
