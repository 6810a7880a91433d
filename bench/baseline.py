"""A server for benchmarks only, and bare pgbench on it: what every ratio of the write path is measured against."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg

from shuke.kit import config
from shuke.kit.db import embedded, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS, BARE = "shuke_bench", "bench"
_TPS = re.compile(r"tps = ([0-9.]+)")


class PgbenchFailed(Exception):
    """pgbench did not run; the text carries what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """One PostgreSQL server that benchmarks may fill: `url` is a migrated, empty database of ours, `bare` pgbench's."""

    url: str
    bare: str


@contextmanager
def server() -> Iterator[Server]:
    """A fresh embedded server beside the data folder, removed afterwards; or the one of SHUKE_BENCH_URL.

    SHUKE_BENCH_URL names a role that is no superuser and may create databases; the two databases are dropped again.
    """
    own = os.environ.get("SHUKE_BENCH_URL")
    with _own_server(own) if own else _embedded_server() as ready:
        migrate.upgrade(ready.url)
        yield ready


@contextmanager
def _embedded_server() -> Iterator[Server]:
    home = config.load().home / f"bench-{os.getpid()}"
    home.mkdir(parents=True)
    postmaster = embedded.Postmaster(home)
    try:
        postmaster.start()
        _create(postmaster.admin_url, BARE, owner=embedded.ROLE)
        yield Server(url=postmaster.url, bare=_with_database(postmaster.url, BARE))
    finally:
        postmaster.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _own_server(url: str) -> Iterator[Server]:
    for name in (OURS, BARE):
        _create(url, name)
    try:
        yield Server(url=_with_database(url, OURS), bare=_with_database(url, BARE))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            for name in (OURS, BARE):
                connection.execute(f"drop database if exists {name} with (force)")


def beside(admin_url: str) -> str:
    """A database for pgbench on a running embedded server; its address for our own role."""
    _create(admin_url, BARE, owner=embedded.ROLE)
    return _with_database(admin_url.replace("//postgres@", f"//{embedded.ROLE}@"), BARE)


def _create(url: str, name: str, owner: str | None = None) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name}" + (f" owner {owner}" if owner else ""))


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def prepare(bare: str, scale: int = 10) -> None:
    """Fill pgbench's own tables (TPC-B, that scale)."""
    await _pgbench("-i", "-q", "-s", str(scale), bare)


async def pgbench(bare: str, seconds: int = 10, clients: int = 32) -> float:
    """Transactions a second of bare pgbench: TPC-B, prepared statements, that many clients."""
    said = await _pgbench("-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-n", bare)
    found = _TPS.search(said)
    if found is None:
        raise PgbenchFailed(said[-600:])
    return float(found[1])


async def pgbench_p99(bare: str, seconds: int = 5, clients: int = 32) -> float:
    """Milliseconds within which 99 of 100 of pgbench's own transactions end, with that many clients."""
    with tempfile.TemporaryDirectory() as folder:
        await _pgbench(
            "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-n", "--log",
            f"--log-prefix={folder}/log", bare,
        )  # fmt: skip
        took = await asyncio.to_thread(_latencies, Path(folder))
    return took[int(len(took) * 0.99)] / 1000


def _latencies(folder: Path) -> list[int]:
    """Microseconds of each logged transaction, ascending."""
    return sorted(int(line.split()[2]) for path in folder.iterdir() for line in path.read_text().splitlines())


async def _pgbench(*arguments: str) -> str:
    program = await asyncio.create_subprocess_exec(
        str(_program()), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd="/"
    )
    said, _ = await program.communicate()
    if program.returncode:
        raise PgbenchFailed(said.decode(errors="replace")[-600:])
    return said.decode(errors="replace")


def _program() -> Path:
    beside = embedded.binaries() / "pgbench"
    return beside if beside.exists() else Path(shutil.which("pgbench") or "pgbench")


def note(text: str) -> None:
    """A line for the person watching; the last line of stdout stays the result's."""
    print(text, file=sys.stderr, flush=True)
