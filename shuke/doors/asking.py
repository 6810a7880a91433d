"""How a command has the running server of its data folder do the work, without importing what the work needs.

`shuke status` beside a server is one question over a socket: loading every room for it took five seconds of processor.
So this file and the command line import next to nothing, and tests/house keeps it so.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.kit import errors

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_PATH = 100  # a unix socket's path has 104 to 108 bytes, depending on the system


class CommandRefused(Exception):
    """The command was refused; `body` is the documented refusal."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        super().__init__(body.get("message_en", ""))


class NobodyListens(Exception):
    """No process takes commands for this data folder: it has none, or one that is just starting."""


def control_path(home: Path) -> str:
    """Where the control socket of a data folder is: in the folder, or under /tmp where that path would be too long."""
    path = str(home / "control.sock")
    if len(path.encode()) <= _LONGEST_PATH:
        return path
    import hashlib  # only for the few with a path that long

    return f"/tmp/shuke-{hashlib.sha256(path.encode()).hexdigest()[:16]}-{os.geteuid()}.sock"


def ask(home: Path, command: str, arguments: dict[str, Any]) -> Any:
    """Have the running server carry out a command; its result, as JSON gives it.

    Raises `NobodyListens`, `CommandRefused`, or `Unavailable` when the server could not do it or went away meanwhile.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        try:
            line.connect(control_path(home))
        except (FileNotFoundError, ConnectionError) as error:
            raise NobodyListens from error
        try:
            line.sendall(msgspec.json.encode({"command": command, "arguments": arguments}) + b"\n")
            with line.makefile("rb") as answers:
                written = answers.readline()
        except ConnectionError:
            written = b""
    answer = msgspec.json.decode(written or b'{"unavailable": "the server stopped meanwhile"}')
    if "refused" in answer:
        raise CommandRefused(answer["refused"])
    if "result" not in answer:
        raise errors.Unavailable(answer.get("unavailable") or answer.get("fault"))
    return answer["result"]
