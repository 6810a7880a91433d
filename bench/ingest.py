"""`shuke bench ingest`: orders over HTTP through the whole product, against bare pgbench on the same server in the same run.

The product runs as a process of its own (`shuke up`), the callers in another; figures are orders a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import baseline
from shuke.doors import setup
from shuke.ground import access
from shuke.kit import clock, config
from shuke.kit.db import Database, embedded
from shuke.programs import earning

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
    from datetime import datetime

FEW = 50
"""Members of each of the many merchants."""


@dataclass(slots=True)
class Product:
    """The running product: its port, its database, pgbench's database, and the work of generating load."""

    port: int
    database: Database
    bare: str
    calls: int = 0

    async def drive(
        self, keys: list[str], callers: int, seconds: float, members: int, batch: int = 1, **more: Any
    ) -> dict[str, Any]:
        """Run callers in a process of their own, with what more the plan is to say; what they saw."""
        self.calls += 1
        plan = {
            "port": self.port, "keys": keys, "callers": callers, "seconds": seconds, "members": members, "batch": batch,
            "at": clock.now().isoformat(), "offset": self.calls * 100_000, **more,
        }  # fmt: skip
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await child.communicate(json.dumps(plan).encode())
        seen: dict[str, Any] = json.loads(said)
        assert not seen["refused"], seen["first_refusal"]
        return seen


@asynccontextmanager
async def product(prepare: Callable[[Path], Awaitable[None]] | None = None) -> AsyncIterator[Product]:
    """`shuke up` on a data folder that is empty or prepared, and a free port; stopped and removed afterwards."""
    home = config.load().home / f"bench-{os.getpid()}"
    home.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SHUKE_HOME": str(home), "SHUKE_PORT": str(port)}
    environment.pop("SHUKE_DATABASE_URL", None)
    environment.pop("SHUKE_MIRROR_URL", None)
    try:
        if prepare is not None:
            await prepare(home)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    server = _started(environment, home / "up.log")
    try:
        await _until_ready(port, server, home / "up.log")
        postmaster = embedded.Postmaster(home)
        bare = baseline.beside(postmaster.admin_url)
        database = await Database.open(postmaster.url, size=3, hot_size=1)
        yield Product(port, database, bare)
        await database.close()
    finally:
        server.terminate()
        server.wait(timeout=120)
        shutil.rmtree(home, ignore_errors=True)


def _started(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-c", "from shuke.doors.cli import main; raise SystemExit(main())", "up", "--no-demo"]
    with log.open("wb") as written:
        return subprocess.Popen(program, env=environment, stdout=written, stderr=written)


async def _until_ready(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if await asyncio.to_thread(_is_ready, port):
            return
        if server.poll() is not None:
            break
        await asyncio.sleep(0.1)
    raise SystemExit(f"the product did not start:\n{_end_of(log)}")


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-1500:]


async def merchants(run: Product, count: int, members: int) -> list[str]:
    """Merchants with five published rules each, of which one gives, and members that exist already; their keys."""
    keys = []
    for number in range(count):
        merchant_id = await setup.create_merchant(
            run.database,
            slug=f"bench-{run.calls}-{number}",
            name="压测",
            zone="Asia/Shanghai",
            at=clock.now(),
            stores=["s1"],
        )
        async with run.database.write(merchant_id) as tx:
            for rule in range(4):
                condition = {"kind": "channel", "params": {"channels": [f"channel-{rule}", "web"]}}
                draft = earning.Draft(name=f"渠道加赠 {rule}", params={"points": 2}, conditions=[condition])
                await earning.publish(tx, await earning.create_rule(tx, "spend_rate", draft, clock.now()), clock.now())
            keys.append((await access.create_key(tx, "bench", ["orders.write"], clock.now()))[1])
    await run.drive(keys, callers=min(len(keys), 16), seconds=0, members=members, batch=-members)
    await settled(run)
    return keys


async def settled(run: Product) -> None:
    """Wait until the mirror and the reactions have seen everything, so that no earlier work is measured."""
    behind = 1
    while behind:
        await asyncio.sleep(0.3)
        async with run.database.directory() as tx:
            behind = await tx.value(
                "select count(*) from merchant_head h where h.seq > least("
                "(select coalesce(max(c.seq), 0) from mirror_cursor c where c.merchant_id = h.merchant_id), "
                "(select coalesce(max(c.seq), 0) from relay_cursor c where c.merchant_id = h.merchant_id))"
            )


async def lagged(run: Product, load: Coroutine[Any, Any, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a load on merchant 1 and watch the mirror's cursor: how long after its commit each announcement was in it."""
    seen: list[tuple[datetime, int]] = []

    async def watch() -> None:
        while True:
            async with run.database.directory() as tx:
                seq = await tx.value("select seq from mirror_cursor where merchant_id = 1")
            seen.append((clock.now(), seq or 0))
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.1)
    began = clock.now()
    result = await load
    await asyncio.sleep(3)
    watching.cancel()
    async with run.database.read(1) as tx:
        rows = await tx.rows(
            "select seq, at from outbox where merchant_id = %(merchant_id)s and at >= %(began)s order by seq",
            began=began,
        )
    waits, turn = [], 0
    for row in rows:
        while turn < len(seen) and seen[turn][1] < row.seq:
            turn += 1
        assert turn < len(seen), "the mirror had not caught up three seconds after the load"
        waits.append((seen[turn][0] - row.at).total_seconds() * 1000)
    waits.sort()
    figures = {"p50_ms": round(waits[len(waits) // 2]), "p99_ms": round(waits[int(len(waits) * 0.99)])}
    return result, figures | {"announcements": len(waits)}


async def measure(seconds: float) -> dict[str, Any]:
    """Everything in one run: pgbench before and after, singles at 32 and 256 callers, many merchants, batches, a flood."""
    async with product() as run:
        await baseline.prepare(run.bare)
        (one,) = await merchants(run, 1, 20_000)
        await run.drive([one], 32, 2, 20_000)
        before = await baseline.pgbench(run.bare, int(seconds))
        await settled(run)
        single_32 = await run.drive([one], 32, seconds, 20_000)
        await settled(run)
        single_256, lag = await lagged(run, run.drive([one], 256, seconds, 20_000))
        await settled(run)
        batch = await run.drive([one], 8, seconds, 20_000, batch=500)
        await settled(run)
        middle = await baseline.pgbench(run.bare, int(seconds))
        bare_p99 = await baseline.pgbench_p99(run.bare, int(seconds))
        many = await merchants(run, 256, FEW)
        await run.drive(many, 256, 2, FEW)
        await settled(run)
        spread = await run.drive(many, 256, seconds, FEW)
        await settled(run)
        quiet = await run.drive([many[0]], 1, seconds, FEW)
        flood, beside = await asyncio.gather(
            run.drive([one], 256, seconds, 20_000), run.drive([many[1]], 1, seconds, FEW)
        )
        after = await baseline.pgbench(run.bare, int(seconds))
    bare = (before + middle + after) / 3
    return {
        "bench": "ingest", "seconds_each": seconds,
        "baseline": {"pgbench_tps": round(bare), "runs": [round(before), round(middle), round(after)], "clients": 32,
                     "p99_ms": round(bare_p99, 1)},
        "single_32": single_32, "single_256": single_256, "batch_500": batch, "merchants_256": spread,
        "mirror_lag": lag, "quiet_alone": quiet, "quiet_beside_flood": beside, "flood": flood,
        "ratio_single_32": _ratio(single_32, bare), "ratio_single_256": _ratio(single_256, bare),
        "ratio_merchants_256": _ratio(spread, bare), "ratio_batch": _ratio(batch, bare),
        "quiet_p99_times": round(beside["p99_ms"] / quiet["p99_ms"], 2), "ratio": _ratio(single_256, bare),
    }  # fmt: skip


def _ratio(seen: dict[str, Any], bare: float) -> float:
    return round(seen["per_second"] / bare, 3)


def main(arguments: list[str]) -> int:
    """`[--seconds S]`; the last line of stdout is the JSON result."""
    parser = argparse.ArgumentParser(prog="shuke bench ingest")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--members", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--events", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    print(json.dumps(asyncio.run(measure(given.seconds))))
    return 0
