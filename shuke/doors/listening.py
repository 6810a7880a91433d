"""Sockets and servers inside our own event loop; signals are handled in one place, by the process, not by uvicorn."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Any

import uvicorn

from shuke.kit import errors

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

GRACE_SECONDS = 10


class PortTaken(errors.CannotGoOn):
    """Somebody else listens on the port; the text says what to do."""


class QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGINT and SIGTERM to the process."""
        yield


def server(app: Any, protocol: type[asyncio.Protocol]) -> QuietServer:
    """A server for an ASGI application behind a protocol of uvicorn's kind.

    Run it with `serve(sockets=[…])`, stop it with `should_exit = True`.
    """
    return QuietServer(
        uvicorn.Config(
            app, http=protocol, ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
            proxy_headers=False, timeout_graceful_shutdown=GRACE_SECONDS, backlog=2048,
        )
    )  # fmt: skip


def on_port(host: str, port: int) -> socket.socket:
    """A listening socket; raises `PortTaken` with a sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise PortTaken(
            f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port, e.g. SHUKE_PORT={port + 1}. / "
            f"端口 {port} 不能使用，请换一个，例如 SHUKE_PORT={port + 1}。"
        ) from None
    made.setblocking(False)
    return made


def on_path(path: str) -> socket.socket:
    """A listening unix socket that only its owner may open; one left by a killed process is replaced."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        made.bind(path)
    finally:
        os.umask(before)
    made.setblocking(False)
    return made
