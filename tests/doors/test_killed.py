"""kill -9 while orders, refunds and events stream in: nothing acknowledged is lost, nothing is doubled, the books agree."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from shuke.ground import access
from shuke.kit import clock
from shuke.kit.db import Database, embedded
from tests.doors.test_process import Shuke

pytestmark = pytest.mark.slow

CALLERS, LIVES = 12, 3


async def make_key(url: str) -> str:
    """An API key of the first merchant."""
    database = await Database.open(url, size=2, hot_size=1)
    async with database.write(1) as tx:
        _, secret = await access.create_key(tx, "till", ["orders.write", "refunds.write", "events.write"], clock.now())
    await database.close()
    return secret


def calls_of(caller: int, number: int, at: str) -> list[tuple[str, dict[str, Any]]]:
    """One order of 30 yuan and 1 fen per caller and number; a third is half refunded, and each is looked at before."""
    key, member = f"{caller}-{number}", {"phone": f"138{caller:04d}{number % 7:04d}"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("/v1/events", {"event_id": f"e{key}", "occurred_at": at, "event": "view", "member": member}),
        ("/v1/orders", {"order_id": key, "occurred_at": at, "member": member, "channel": "pos", "amount_fen": 3_001}),
    ]
    if number % 3 == 0:
        calls.append(("/v1/refunds", {"refund_id": key, "order_id": key, "occurred_at": at, "amount_fen": 1_500}))
    return calls


async def stream(port: int, key: str, at: str, done: dict[int, int]) -> None:
    """Each caller goes on where it stopped until the server is gone; `done` holds how many were acknowledged whole."""

    async def one(client: httpx.AsyncClient, caller: int) -> None:
        while True:
            for path, body in calls_of(caller, done[caller], at):
                try:
                    answer = await client.post(path, json=body)
                except httpx.TransportError:
                    return
                assert answer.status_code == 200, answer.text
            done[caller] += 1

    limits = httpx.Limits(max_connections=CALLERS)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, limits=limits, timeout=30, trust_env=False
    ) as client:
        await asyncio.gather(*(one(client, caller) for caller in range(CALLERS)))


async def live_and_die(shuke: Shuke, key: str, at: str, done: dict[int, int]) -> None:
    """Stream for a moment, then kill the server in the middle of it."""
    running = asyncio.create_task(stream(shuke.port, key, at, done))
    before = sum(done.values())
    while sum(done.values()) < before + 40:
        await asyncio.sleep(0.05)
    await asyncio.to_thread(shuke.end, signal.SIGKILL)
    await running


def test_what_was_acknowledged_survives_and_counts_once(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("killed")
    folder.chmod(0o711)
    shuke = Shuke(folder)
    assert shuke.run("merchant", "create", "shop").returncode == 0
    done = dict.fromkeys(range(CALLERS), 0)
    at = clock.now().isoformat()
    try:
        shuke.start()
        key = asyncio.run(make_key(embedded.Postmaster(folder).url))
        for life in range(LIVES):
            if life:
                shuke.start()
            asyncio.run(live_and_die(shuke, key, at, done))
        shuke.start()
        asyncio.run(repeat_what_hung(shuke.port, key, at, done))
        check(shuke, done)
    finally:
        if shuke.server is not None and shuke.server.poll() is None:
            assert shuke.end(signal.SIGTERM) == 0


async def repeat_what_hung(port: int, key: str, at: str, done: dict[int, int]) -> None:
    """Callers send again what had no answer, as tills do; the server may have recorded it or not."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False
    ) as client:
        for caller in range(CALLERS):
            for path, body in calls_of(caller, done[caller], at):
                answer = await client.post(path, json=body)
                assert answer.json()["status"] in ("accepted", "duplicate")
            done[caller] += 1


def check(shuke: Shuke, done: dict[int, int]) -> None:
    """The ledger agrees with the callers' own count, the auditor with the ledger, and the mirror with PostgreSQL."""
    orders = sum(done.values())
    refunds = sum(len(range(0, count, 3)) for count in done.values())
    audited = json.loads(shuke.run("audit", "--merchant", "shop").stdout.splitlines()[-1])
    totals = audited["totals"]["points"]
    assert audited["differences"] == 0, audited
    assert totals["earned"] == 30 * orders
    assert totals["clawed_back"] == 15 * refunds
    assert totals["outstanding"] == 30 * orders - 15 * refunds
    money = {"measure": {"sum": "amount_fen"}, "op": ">", "value": 0}
    for rule, expected in (
        ({"did": "order", **money}, len({(caller, n % 7) for caller, count in done.items() for n in range(count)})),
        ({"did": "view", "op": ">=", "value": 1}, totals["members"]),
    ):
        counted = shuke.run("segment", "count", "--merchant", "shop", "--rule", "-", stdin=json.dumps(rule))
        assert json.loads(counted.stdout)["count"] == expected, (counted.stdout, counted.stderr)
    richest = {"did": "view", "op": ">=", "value": max(-(-count // 7) for count in done.values()) + 1}
    counted = shuke.run("segment", "count", "--merchant", "shop", "--rule", "-", stdin=json.dumps(richest))
    assert json.loads(counted.stdout)["count"] == 0, "an event was mirrored twice"
