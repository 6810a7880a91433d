"""What a command pays before it does anything: modules that only some work needs are imported by that work."""

import subprocess
import sys

LATE = ("scipy.optimize", "scipy.stats", "openpyxl", "pypinyin", "clickhouse_connect", "chdb", "rich.progress")


def _imported_by(module: str, names: tuple[str, ...]) -> list[str]:
    code = f"import sys, {module}; print(*[name for name in {names!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()


def test_the_whole_house_opens_without_what_only_some_work_needs() -> None:
    assert _imported_by("shuke.doors.engines", LATE) == []


def test_a_command_beside_a_server_needs_none_of_the_house() -> None:
    assert _imported_by("shuke.doors.cli", ("numpy", "sqlalchemy", "litestar", "shuke.doors.wiring")) == []
