"""The local door: commands that need the engines of a running server ask it through a socket in its data folder."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from shuke.doors import commands, engines, listening
from shuke.kit import errors
from shuke.kit.db import embedded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from shuke.doors.context import Context
    from shuke.kit.config import Settings

log = structlog.get_logger("control")
_LINE = 64 << 20


class CommandRefused(Exception):
    """The command was refused; `body` is the documented refusal."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        super().__init__(body.get("message_en", ""))


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


@asynccontextmanager
async def reached(settings: Settings) -> AsyncIterator[Callable[[str, dict[str, Any]], Awaitable[Any]]]:
    """A way to run commands: in the running server where there is one, else here, with engines of our own."""
    try:
        async with engines.opened(settings, pools=(6, 4)) as context:

            async def here(command: str, arguments: dict[str, Any]) -> Any:
                try:
                    return await commands.run(context, command, arguments)
                except errors.Refused as refusal:
                    raise CommandRefused(refusal.body()) from refusal

            yield here
            return
    except embedded.AlreadyRunning:
        pass

    async def there(command: str, arguments: dict[str, Any]) -> Any:
        return await ask(settings, command, arguments)

    yield there


async def ask(settings: Settings, command: str, arguments: dict[str, Any]) -> Any:
    """Have the running server carry out a command. Raises `CommandRefused`, or `Unavailable` when nobody listens."""
    path = listening.control_path(settings.home)
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=_LINE)
    except (FileNotFoundError, ConnectionError) as error:
        raise errors.Unavailable(
            f"The process that uses {settings.home} does not take commands (it is starting, or is a command itself). "
            "Try again in a moment."
        ) from error
    try:
        writer.write(msgspec.json.encode({"command": command, "arguments": arguments}) + b"\n")
        await writer.drain()
        answer = msgspec.json.decode(await reader.readline() or b'{"unavailable": "the server stopped meanwhile"}')
    finally:
        writer.close()
    if "refused" in answer:
        raise CommandRefused(answer["refused"])
    if "result" not in answer:
        raise errors.Unavailable(answer.get("unavailable") or answer.get("fault"))
    return answer["result"]
