"""The source tree as the house tests see it: floors, rooms, modules, and who imports what."""

import ast
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "shuke"
FLOORS_WITH_ROOMS = ("outreach", "programs", "assets", "insight", "ground")
CODE_FOLDERS = ("shuke", "tests", "bench", "deploy", "migrations")

FURNITURE = (
    "actions", "console", "events", "facts", "jobs", "member_app", "models", "open_api", "policy", "queries",
    "reactions",
)  # fmt: skip
# Folders that the plan itself names for a room, beside its furniture.
PLANNED_FOLDERS = {"ingestion": ("files",), "mirror": ("engines",)}
KIND_FOLDERS = ("benefits", "books", "channels", "conditions", "effects", "formats", "scorers", "steps")
DOOR_ONLY = ("console", "facts", "jobs", "member_app", "open_api", "reactions")


def expect_none(found: Iterable[str]) -> None:
    """Fail with every finding on a line of its own."""
    findings = sorted(found)
    assert not findings, "\n" + "\n".join(findings)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `target` is the module, `name` what is taken from it (None for a plain import)."""

    line: int
    target: str
    name: str | None


@dataclass(frozen=True)
class Module:
    """One Python file of the repository."""

    path: Path
    name: str
    text: str
    tree: ast.Module = field(repr=False)

    @property
    def where(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import of the file, also those inside functions and for types only, as absolute names."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[Import]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(node.lineno, alias.name, None) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from self._taken(node)

    def _taken(self, node: ast.ImportFrom) -> Iterator[Import]:
        target = self._absolute(node)
        for alias in node.names:
            is_module = f"{target}.{alias.name}" in module_names()
            if is_module:
                yield Import(node.lineno, f"{target}.{alias.name}", None)
            else:
                yield Import(node.lineno, target, alias.name)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        base = parts[: len(parts) - node.level + (1 if self.is_package else 0)]
        return ".".join([*base, *([node.module] if node.module else [])])


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def files() -> tuple[Path, ...]:
    """Every file that people wrote, without what was fetched or built."""
    fetched = {".git", ".venv", ".tools", ".stamps", "node_modules", "dist", "__pycache__"}
    found = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = sorted(name for name in inner if name not in fetched and not name.endswith("_cache"))
        found += [Path(folder) / name for name in sorted(names)]
    return tuple(found)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package `shuke`."""
    return tuple(_parse(path) for path in sorted(PACKAGE.rglob("*.py")))


@cache
def all_code() -> tuple[Module, ...]:
    """Every Python file of the repository: the package, its tests, benchmarks, migrations and commands."""
    paths = (path for folder in CODE_FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(_parse(path) for path in paths)


def _parse(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path, _dotted(path), text, ast.parse(text, str(path)))


@cache
def module_names() -> frozenset[str]:
    return frozenset(_dotted(path) for path in PACKAGE.rglob("*.py"))


@cache
def room_folders() -> tuple[Path, ...]:
    """The folders that are rooms: shuke/<floor>/<room>/ on the five floors that have rooms."""
    floors = (PACKAGE / floor for floor in FLOORS_WITH_ROOMS)
    return tuple(
        folder
        for floor in floors
        if floor.is_dir()
        for folder in sorted(floor.iterdir())
        if folder.is_dir() and any(folder.rglob("*.py"))
    )


def room_of(name: str) -> str:
    """The room a module belongs to, dotted; the doors are one room, a tool of the kit is one each."""
    parts = name.split(".")
    return ".".join(parts[:2] if parts[1:2] == ["doors"] else parts[:3])
