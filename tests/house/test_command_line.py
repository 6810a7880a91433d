"""The command line is light: what a command imports before it knows what it is asked for is counted here."""

import resource
import subprocess
import sys

from tests.house import tree

# All of ours that `shuke --help` and a question to a running server may load; a new name here costs every command.
MAY_LOAD = {
    "shuke", "shuke.doors", "shuke.doors.asking", "shuke.doors.cli",
    "shuke.kit", "shuke.kit.config", "shuke.kit.errors",
}  # fmt: skip
MAY_BE_FOREIGN = {"msgspec", "typing_extensions"}
_LOADED = "from shuke.doors import cli; cli.parser(); import sys; print(*sys.modules)"


def test_the_command_line_loads_next_to_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True, cwd=tree.ROOT)
    before = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split()) - set(before.stdout.split())
    ours = {name for name in loaded if name.split(".")[0] == "shuke"}
    tops = {name.split(".")[0] for name in loaded - ours}
    tree.expect_none(ours - MAY_LOAD)
    tree.expect_none(tops - MAY_BE_FOREIGN - set(sys.stdlib_module_names))


def test_help_takes_a_fifth_of_a_second_of_processor() -> None:
    """The quickest of three, so that a busy machine proves nothing wrong."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "shuke.doors.cli", "--help"], capture_output=True, check=True, cwd=tree.ROOT
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.2
