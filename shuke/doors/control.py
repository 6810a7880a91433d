"""The local door: commands that need the engines of a running server ask it through a socket in its data folder."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from shuke.doors import commands, engines
from shuke.kit import errors
from shuke.kit.db import embedded

if TYPE_CHECKING:
    from shuke.doors.context import Context
    from shuke.kit.config import Settings

log = structlog.get_logger("control")
_LINE = 64 << 20


async def serve(context: Context, listener: socket.socket) -> asyncio.Server:
    """Answer on the socket: one JSON line with command and arguments in, one JSON line with result or error out."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            if line:
                writer.write(msgspec.json.encode(await _carry_out(context, line)) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            log.warning("a local command went away before its answer")
        finally:
            writer.close()

    return await asyncio.start_unix_server(answer, sock=listener, limit=_LINE)


async def _carry_out(context: Context, line: bytes) -> dict[str, Any]:
    asked = msgspec.json.decode(line)
    try:
        return {"result": await commands.run(context, asked["command"], asked["arguments"])}
    except errors.Refused as refusal:
        return {"refused": refusal.body()}
    except errors.Unavailable as outage:
        return {"unavailable": str(outage)}
    except Exception as fault:
        log.exception("a local command failed", command=asked.get("command"))
        return {"fault": f"{type(fault).__name__}: {fault}"}


async def carry_out(settings: Settings, command: str, arguments: dict[str, Any], *, columnar: bool) -> Any:
    """Run a command with engines of our own; without the mirror (`columnar=False`) a running server's PostgreSQL does too."""
    if not columnar:
        async with engines.connected(settings) as context:
            return await commands.run(context, command, arguments)
    try:
        async with engines.opened(settings, pools=(6, 4)) as context:
            return await commands.run(context, command, arguments)
    except embedded.AlreadyRunning as taken:
        raise errors.Unavailable(
            f"The process that uses {settings.home} does not take commands (it is starting, or is a command itself). "
            "Try again in a moment."
        ) from taken
