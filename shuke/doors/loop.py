"""The event loop of a process."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")
LEAVE_SECONDS = 3.0
log = structlog.get_logger("process")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run the main coroutine of a process on uvloop; its answer."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)


def serve(coroutine: Coroutine[Any, Any, int]) -> int:
    """`run` for a process that ends when its status is known: what a thread still computes then is left.

    Nothing is lost: a thread writes nothing by itself, and the job it worked for is taken up at the next start.
    """
    return run(_leaving(coroutine))


async def _leaving(coroutine: Coroutine[Any, Any, int]) -> int:
    status = await coroutine
    threads = asyncio.create_task(asyncio.get_running_loop().shutdown_default_executor())
    if (await asyncio.wait([threads], timeout=LEAVE_SECONDS))[1]:
        log.info("a computation is left and begins again at the next start")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status
