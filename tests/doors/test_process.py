"""The one process: it starts, refuses a second start, takes commands, stops cleanly, and leaves nothing when killed."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow


class Shuke:
    """The command line with a data folder of its own."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = os.environ | {"SHUKE_HOME": str(home), "SHUKE_PORT": str(self.port)}
        self.environment.pop("SHUKE_DATABASE_URL", None)
        self.environment.pop("SHUKE_MIRROR_URL", None)
        self.server: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.server = subprocess.Popen(
            [sys.executable, "-m", "shuke.doors.cli", "up", "--no-demo"], env=self.environment, stderr=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and self.server.poll() is None:
            try:
                if self.get("/readyz")["ready"]:
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the server did not start")

    def get(self, path: str) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return json.loads(answer.read())

    def run(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "shuke.doors.cli", *words], env=self.environment, capture_output=True, text=True,
            input=stdin, timeout=120, check=False,
        )  # fmt: skip

    def end(self, number: int) -> int:
        assert self.server is not None
        self.server.send_signal(number)
        return self.server.wait(timeout=60)


@pytest.fixture
def shuke(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shuke]:
    folder = tmp_path_factory.mktemp("一个 process")
    folder.chmod(0o711)
    started = Shuke(folder)
    yield started
    if started.server is not None and started.server.poll() is None:
        started.end(signal.SIGKILL)


def _servers_of(folder: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if folder in " ".join(process.info["cmdline"] or []) and process.pid != os.getpid():
            found.append(process)
    return found


def _children_seconds() -> float:
    """Processor time of all commands that have ended, this far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_life_of_the_process(shuke: Shuke) -> None:
    made = shuke.run("merchant", "create", "shop", "--name", "小店", "--owner", "lin")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["zone"] == "Asia/Shanghai"
    again = shuke.run("merchant", "create", "shop")
    assert again.returncode == 1
    assert "已经存在" in again.stderr
    shuke.start()
    second = shuke.run("up")
    assert second.returncode == 1
    assert "already running" in second.stderr

    rule = json.dumps({"did": "order"})
    for words in (("status",), ("mirror", "status"), ("mirror", "rebuild"), ("audit", "--merchant", "shop")):
        before = _children_seconds()
        beside = shuke.run(*words)
        assert _children_seconds() - before < 0.5  # the server does the work
        assert beside.returncode == 0, beside.stderr
        json.loads(beside.stdout)
    beside = shuke.run("segment", "count", "--merchant", "shop", "--rule", "-", "--ids", stdin=rule)
    assert json.loads(beside.stdout) == {"count": 0, "ids": []}
    refused = shuke.run("segment", "count", "--merchant", "none", "--rule", "-", stdin=rule)
    assert refused.returncode == 1
    assert "没有商户「none」" in refused.stderr
    control = Path(shuke.environment["SHUKE_HOME"]) / "control.sock"
    assert control.stat().st_mode & 0o777 == 0o600
    assert shuke.run("merchant", "create", "second").returncode == 0

    assert shuke.end(signal.SIGINT) == 0
    assert not _servers_of(shuke.environment["SHUKE_HOME"])
    alone = shuke.run("segment", "count", "--merchant", "second", "--rule", "-", stdin=rule)
    assert json.loads(alone.stdout) == {"count": 0}


def test_nothing_is_left_when_it_is_killed(shuke: Shuke) -> None:
    shuke.start()
    shuke.end(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while _servers_of(shuke.environment["SHUKE_HOME"]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _servers_of(shuke.environment["SHUKE_HOME"])
    shuke.start()
    assert shuke.get("/readyz")["database"]
    with pytest.raises(urllib.error.HTTPError):
        shuke.get("/console/api/session")
    assert shuke.end(signal.SIGTERM) == 0
