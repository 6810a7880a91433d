"""The real server as a process of its own, and what the browser tests ask of it without a browser."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

SHUKE = Path(sys.executable).parent / "shuke"
API = "/console/api"


class Server:
    """`shuke up` on a free port with a data folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        own = ("SHUKE_DATABASE_URL", "SHUKE_MIRROR_URL")
        self.environment = {name: value for name, value in os.environ.items() if name not in own}
        self.environment |= {"SHUKE_HOME": str(home), "SHUKE_PORT": str(self.port)}
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        with (self.home / "up.log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                SHUKE, "up", "--no-demo", env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        await until(self._ready, 120, self.log)

    async def _ready(self) -> bool:
        assert self.process is not None and self.process.returncode is None, self.log()
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{self.address}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

    async def stop(self) -> None:
        """Ctrl-C, as a person ends it."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(self.process.wait(), 30)
        except TimeoutError:
            self.process.kill()

    def log(self) -> str:
        """The last it said."""
        return (self.home / "up.log").read_text(errors="replace")[-3000:]

    async def command(self, *arguments: str) -> dict[str, Any]:
        """A `shuke` command beside the running server; its last line."""
        process = await asyncio.create_subprocess_exec(
            SHUKE, *arguments, env=self.environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, f"shuke {' '.join(arguments)}: {err.decode()}"
        answer: dict[str, Any] = json.loads(out.decode().strip().splitlines()[-1])
        return answer


async def until(happened: Callable[[], Any], seconds: float, why: Callable[[], Any] = str) -> Any:
    """Wait until `happened()` is true, and answer what it was."""
    for _ in range(int(seconds / 0.15)):
        if found := await happened():
            return found
        await asyncio.sleep(0.15)
    raise AssertionError(f"nothing happened in {seconds} s: {why()}")


async def sign_in(address: str, login: str, password: str) -> httpx.AsyncClient:
    """The console's HTTP, signed in, without a browser."""
    client = httpx.AsyncClient(base_url=address, timeout=60)
    answer = await client.post(f"{API}/session", json={"login": login, "password": password})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client
