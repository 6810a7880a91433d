"""The merchant's own columnar server: facts arrive there, the same questions are answered, and it may go away and come back."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shuke.kit import clock
from shuke.kit.db import embedded
from tests.doors.test_killed import make_key
from tests.doors.test_outage import ORDER, post
from tests.doors.test_process import Shuke

pytestmark = pytest.mark.slow

SERVED = Path(__file__).parents[1] / "ground" / "mirror" / "served.py"
BOUGHT = {"did": "order", "op": ">=", "value": 1}


@contextmanager
def columnar(folder: Path, port: int) -> Iterator[None]:
    """The server with its data in this folder, until the block ends."""
    server = subprocess.Popen([sys.executable, str(SERVED), str(folder), str(port)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        assert server.stdout.readline().strip() == str(port)
        yield
    finally:
        server.kill()
        server.wait()


def count(shuke: Shuke) -> int:
    """How many members bought; asked by a command beside the running server, after everything has arrived."""
    asked = ("segment", "count", "--merchant", "shop", "--rule", "-")
    deadline = time.monotonic() + 60
    while True:
        found = shuke.run(*asked, stdin=json.dumps(BOUGHT))
        if found.returncode == 0 or time.monotonic() > deadline:
            return int(json.loads(found.stdout)["count"])


def buy(shuke: Shuke, key: str, number: int) -> tuple[int, str]:
    """One order of one member."""
    at = clock.now().isoformat()
    order = ORDER | {"order_id": f"o{number}", "member": {"phone": f"138{number:08}"}, "occurred_at": at}
    status, _, body = post(shuke.port, key, order)
    return status, str(body["status"])


def test_facts_are_kept_and_asked_on_a_server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    theirs, ours, kept = (tmp_path_factory.mktemp(name) for name in ("theirs", "ours", "columns"))
    for folder in (theirs, ours):
        folder.chmod(0o711)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    postmaster = embedded.Postmaster(theirs)
    postmaster.start()
    shuke = Shuke(ours)
    shuke.environment |= {"SHUKE_DATABASE_URL": postmaster.url, "SHUKE_MIRROR_URL": f"clickhouse://127.0.0.1:{port}"}
    try:
        with columnar(kept, port):
            assert shuke.run("merchant", "create", "shop").returncode == 0
            shuke.start()
            key = asyncio.run(make_key(postmaster.url))
            assert buy(shuke, key, 1) == (200, "accepted")
            assert count(shuke) == 1
        assert buy(shuke, key, 2) == (200, "accepted"), "a mirror that is away stops nobody from selling"
        with columnar(kept, port):
            assert count(shuke) == 2
            assert buy(shuke, key, 3) == (200, "accepted")
            assert count(shuke) == 3
            assert shuke.end(signal.SIGTERM) == 0
    finally:
        if shuke.server is not None and shuke.server.poll() is None:
            shuke.end(signal.SIGKILL)
        postmaster.stop()
