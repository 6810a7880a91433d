"""A process that has closed everything ends, whatever a thread still computes."""

import subprocess
import sys

BODY = """
import asyncio, time
from shuke.doors import loop

async def work():
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)
    await asyncio.sleep(0.1)
    print("closed")
    return 3

raise SystemExit(loop.serve(work()))
"""


def test_a_long_computation_does_not_hold_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", BODY], check=False, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (3, "closed"), ended.stderr
