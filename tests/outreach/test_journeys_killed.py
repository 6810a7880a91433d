"""kill -9 in the middle of a mass entry: nothing is lost, nothing happens twice."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from shuke.outreach.journeys import actions
from tests.outreach.conftest import GIVE, OFFER, SAY, Shop

ROOT = Path(__file__).resolve().parents[2]
CROWD = 1_500

WORKER = """
import asyncio, sys
from shuke.kit.db import Database
from shuke.outreach.journeys import actions
from tests.outreach.conftest import AT

async def main():
    database = await Database.open(sys.argv[1], size=3, hot_size=1)
    merchant, journey = int(sys.argv[2]), int(sys.argv[3])
    print("ready", flush=True)
    while await database.attempt(merchant, actions.take_in, journey, AT, 40):
        while await database.attempt(merchant, actions.advance, journey, AT, 40):
            print("chunk", flush=True)

asyncio.run(main())
"""


async def test_a_killed_worker_loses_and_repeats_nothing(shop: Shop) -> None:
    ids = await shop.people(CROWD, with_points=1)
    journey_id = await shop.journey(OFFER, GIVE, SAY)
    await shop.refresh(ids)
    for chunks in (1, 4, 9):
        await _work_and_die(shop, journey_id, chunks)
    done = len(await shop.effects())
    assert 0 < done < 3 * CROWD, "the worker died in the middle"
    await shop.work()
    effects = await shop.effects()
    assert [(member_id, step) for member_id, step, _, _ in effects] == [(m, step) for m in ids for step in range(3)]
    assert {outcome for *_, outcome in effects} == {"done"}
    counts = {
        name: (await shop.rows(f"select count(*) as n from {name}"))[0].n
        for name in ("offer_grant", "message", "journey_member")
    }
    assert counts == {"offer_grant": CROWD, "message": CROWD, "journey_member": CROWD}
    [points] = await shop.rows("select sum(points) as sum from entry where type = 'bonus'")
    assert points.sum == 50 * CROWD
    [run] = await shop.rows("select entered, state from journey_run")
    assert tuple(run) == (CROWD, "done")
    async with shop.database.read(shop.merchant_id) as tx:
        assert await actions.waiting(tx) == ()


async def _work_and_die(shop: Shop, journey_id: int, chunks: int) -> None:
    """A process of its own does some chunks and is killed while it does the next."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, shop.database.url, str(shop.merchant_id), str(journey_id),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    for _ in range(chunks + 1):
        assert await child.stdout.readline()
    await asyncio.sleep(0.01 * chunks)
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()
