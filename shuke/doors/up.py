"""The processes: everything in one (`up`), or the web and the work apart (`web`, `worker`)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from typing import TYPE_CHECKING

import structlog

from shuke.doors import asgi, asking, control, engines, following, lane, listening, wiring, works
from shuke.ground.mirror import jobs as mirror_jobs
from shuke.kit import clock, errors
from shuke.kit.events import Relay
from shuke.kit.jobs import keep_handing_out, plan_missing
from shuke.programs.intake import Collector
from shuke.programs.intake.open_api import Intake

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from shuke.doors.context import Context
    from shuke.kit.config import Settings

log = structlog.get_logger("process")


async def run(
    settings: Settings,
    *,
    web: bool = True,
    work: bool = True,
    greet: Callable[[Context], Any] | None = None,
    prepare: Callable[[Context], Any] | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM, then stop gracefully; the exit status. `greet` is awaited once all is open.

    `prepare` runs beside the web before any background work does; where it fails, that is logged and the work begins.
    """
    started = clock.monotonic()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with engines.opened(settings) as context, contextlib.AsyncExitStack() as stack:
        listener = None
        if web:
            listener = stack.enter_context(contextlib.closing(listening.on_port(settings.host, settings.port)))
        async with _running(context, listener, work=work, prepare=prepare) as failed:
            log.info("started", seconds=round(clock.monotonic() - started, 2), web=web, work=work)
            _steady()
            if greet is not None:
                await greet(context)
            await _first(stop, failed)
            context.stopping = True
            log.info("stopping")
        return 1 if failed.is_set() else 0


def _steady() -> None:
    """Keep the loop that answers callers from waiting for others in this process (docs/decisions/0015).

    What start-up made stays for good, so Python's collector need not walk it again in the middle of a transaction; and a
    thread that computes gives way after half a millisecond instead of five.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    sys.setswitchinterval(0.0005)


async def _first(*events: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()


@contextlib.asynccontextmanager
async def _running(context: Context, listener: Any, *, work: bool, prepare: Callable[[Context], Any] | None) -> Any:
    """Start what the process is for; on leaving, first the web finishes what it has, then the work stops."""
    failed = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    def start(name: str, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine, name=name)
        task.add_done_callback(lambda done: _note_end(done, failed))
        tasks.append(task)

    async with contextlib.AsyncExitStack() as stack:
        start("postgres", _watch_database(context))
        if work and prepare is None:
            await _start_work(context, start)
        elif work:
            tasks.append(asyncio.create_task(_work_after(prepare, context, start, failed), name="prepare"))
        stack.push_async_callback(_cancelled, tasks)
        if listener is not None:
            await stack.enter_async_context(_web(context, listener, failed))
        local = await control.serve(context, listening.on_path(asking.control_path(context.settings.home)))
        stack.callback(local.close)
        yield failed


async def _work_after(
    prepare: Callable[[Context], Any] | None,
    context: Context,
    start: Callable[[str, Coroutine[Any, Any, None]], None],
    failed: asyncio.Event,
) -> None:
    try:
        if prepare is not None:
            await prepare(context)
    except Exception:
        log.exception("what comes before the work failed; it is tried again at the next start")
    try:
        await _start_work(context, start)
    except Exception:
        log.exception("the work could not begin")
        failed.set()


async def _start_work(context: Context, start: Callable[[str, Coroutine[Any, Any, None]], None]) -> None:
    assert context.jobs is not None
    await plan_missing(context.database, works.WORKS, clock.now())
    context.relay = Relay(context.database, wiring.READERS)
    if context.bell is not None:
        start("listening", context.bell.listen())
    start("relay", context.relay.run())
    start("mirror", _keep_copying(context))
    start("segments", _keep_living(context))
    start("jobs", context.jobs.run())
    start("due", keep_handing_out(context.database, context.jobs, works.WORKS))


async def _watch_database(context: Context) -> None:
    """End when the embedded server is gone: the process then ends as a whole, and a fresh start recovers everything."""
    while context.postmaster is None or context.postmaster.running:
        await asyncio.sleep(1)
    log.error("PostgreSQL ended; start Shuke again, nothing that was acknowledged is lost")


async def _keep_copying(context: Context) -> None:
    """Copy into the mirror; where its engine is not open yet, wait for it."""
    while context.mirror is None:
        await asyncio.sleep(1)
    await mirror_jobs.keep_copying(context.mirror, context.database)


async def _keep_living(context: Context) -> None:
    """Let segments follow what the mirror of this process copies."""
    while context.mirror is None:
        await asyncio.sleep(1)
    while True:
        try:
            await following.keep_living(context.mirror, context.database)
        except errors.Unavailable:
            log.warning("the database does not answer; segments wait")
            await asyncio.sleep(1)


@contextlib.asynccontextmanager
async def _web(context: Context, listener: Any, failed: asyncio.Event) -> Any:
    collector = Collector(context.database)
    intake = Intake(context.database, collector, context.keys)
    app = asgi.create_app(context, intake)
    server = listening.server(app, lane.protocol(intake, context.settings.secure_cookies))
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="web")
    serving.add_done_callback(lambda done: _note_end(done, failed, server.should_exit))
    try:
        yield
    finally:
        context.stopping = True
        server.should_exit = True
        await asyncio.wait([serving])
        await collector.close()


def _note_end(task: asyncio.Task[None], failed: asyncio.Event, expected: bool = False) -> None:
    """A part that ends by itself ends the process: a supervisor starts a whole one."""
    if task.cancelled() or expected:
        return
    if task.exception() is not None:
        log.error("a part of the process failed", part=task.get_name(), exc_info=task.exception())
    failed.set()


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=20)


def tell(*lines: str) -> None:
    """Words for the person at the terminal."""
    print(*lines, sep="\n", flush=True, file=sys.stdout)
