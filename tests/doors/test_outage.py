"""The merchant's own PostgreSQL goes away and comes back: callers are told to wait, and nothing needs a restart."""

import asyncio
import json
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from shuke.kit import clock
from shuke.kit.db import embedded
from tests.doors.test_killed import make_key
from tests.doors.test_process import Shuke

pytestmark = pytest.mark.slow

ORDER = {
    "order_id": "a",
    "occurred_at": "2026-11-21T10:00:00+08:00",
    "member": {"phone": "13800138000"},
    "amount_fen": 9_900,
}


def post(port: int, key: str, body: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Send one order as history-proof as a till does; status, headers and body."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/orders", data=json.dumps(body).encode(), method="POST",
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, _plain(answer.headers), json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, _plain(refused.headers), json.loads(refused.read())


def _plain(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_it_waits_for_its_database_and_goes_on(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    theirs, ours = tmp_path_factory.mktemp("theirs"), tmp_path_factory.mktemp("ours")
    for folder in (theirs, ours):
        folder.chmod(0o711)
    postmaster = embedded.Postmaster(theirs)
    postmaster.start()
    shuke = Shuke(ours)
    shuke.environment["SHUKE_DATABASE_URL"] = postmaster.url
    try:
        assert shuke.run("merchant", "create", "shop").returncode == 0
        shuke.start()
        assert not (Path(ours) / "postgres").exists(), "no database of our own is started beside theirs"
        key = asyncio.run(make_key(postmaster.url))
        status, _, body = post(shuke.port, key, ORDER | {"occurred_at": _now()})
        assert (status, body["status"]) == (200, "accepted")
        postmaster.stop()
        status, headers, body = post(shuke.port, key, ORDER | {"order_id": "b", "occurred_at": _now()})
        assert (status, body["code"]) == (503, "unavailable")
        assert int(headers["retry-after"]) >= 1
        postmaster.start()
        status, body = _until_accepted(shuke.port, key)
        assert (status, body["points"]["balance"]) == (200, 198)
        assert shuke.server is not None
        assert shuke.server.poll() is None
    finally:
        if shuke.server is not None and shuke.server.poll() is None:
            shuke.end(signal.SIGTERM)
        postmaster.stop()


def _now() -> str:
    return clock.now().isoformat()


def _until_accepted(port: int, key: str) -> tuple[int, dict[str, Any]]:
    """Repeat the same call, as the answer asked, until it goes through."""
    sent = ORDER | {"order_id": "b", "occurred_at": _now()}
    deadline = time.monotonic() + 60
    status, body = 0, {}
    while status != 200 and time.monotonic() < deadline:
        time.sleep(1)
        status, _, body = post(port, key, sent)
    return status, body
