"""Sizes, as ratchets: what is too large today is listed with its size, and may only shrink."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache

import pytest

from tests.house import tree

LIMITS = {"file": 500, "function": 70, "nesting": 3, "parameters": 8, "room": 2500, "front door": 40}
RATCHETS = tree.ROOT / "tests" / "house" / "ratchets.toml"
Function = ast.FunctionDef | ast.AsyncFunctionDef
GENERATED = {"web/api/schema.ts"}
HISTORY = "migrations/versions/"  # written once, by the model, and never edited again


def test_sizes_stay_within_their_limits() -> None:
    allowed = _exceptions()
    measured = dict(_measure())
    grown = [
        f"{rule} {what}: {size}, at most {allowed.get((rule, what), LIMITS[rule])}"
        for (rule, what), size in measured.items()
        if size > allowed.get((rule, what), LIMITS[rule])
    ]
    tree.expect_none(grown)


def test_exceptions_are_as_tight_as_the_code() -> None:
    measured = dict(_measure())
    loose = [
        f"{rule} {what}: listed {size}, is {measured.get((rule, what), 0)}; lower or remove the exception"
        for (rule, what), size in _exceptions().items()
        if measured.get((rule, what), 0) != size or size <= LIMITS[rule]
    ]
    tree.expect_none(loose)


def test_exceptions_never_grow() -> None:
    """Compared with every earlier version of the list that git knows."""
    now = _exceptions()
    earlier = [_read(text) for text in _earlier_lists()]
    if not earlier:
        pytest.skip("no earlier version of the list is known here")
    grown = [
        f"{rule} {what}: {size}, earlier {min(values)}"
        for (rule, what), size in now.items()
        if (values := [old[rule, what] for old in earlier if (rule, what) in old]) and size > min(values)
    ]
    tree.expect_none(grown)


def _exceptions() -> dict[tuple[str, str], int]:
    return _read(RATCHETS.read_text(encoding="utf-8"))


def _read(text: str) -> dict[tuple[str, str], int]:
    entries = tomllib.loads(text).get("exception", [])
    for entry in entries:
        assert entry["why"].strip(), f"say why {entry['what']} may be larger"
        assert entry["rule"] in LIMITS, f"{entry['rule']} is not a rule"
    return {(entry["rule"], entry["what"]): entry["size"] for entry in entries}


def _earlier_lists() -> list[str]:
    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=tree.ROOT, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    path = RATCHETS.relative_to(tree.ROOT).as_posix()
    texts = (git("show", f"{commit}:{path}") for commit in git("log", "--format=%H", "--", path).split())
    return [text for text in texts if text]


@cache
def _measure() -> tuple[tuple[tuple[str, str], int], ...]:
    return tuple(((rule, what), size) for rule, what, size in _all_sizes())


def _all_sizes() -> Iterator[tuple[str, str, int]]:
    for module in tree.all_code():
        if module.where.startswith(HISTORY):
            continue
        yield "file", module.where, module.lines
        for name, node in _functions(module.tree):
            yield from _function_sizes(f"{module.where}::{name}", node)
    for path in tree.files():
        where = path.relative_to(tree.ROOT).as_posix()
        if path.suffix in {".ts", ".vue"} and where not in GENERATED:
            yield "file", where, path.read_text(encoding="utf-8").count("\n")
    for folder in tree.room_folders():
        inside = [module for module in tree.modules() if folder in module.path.parents]
        counted = (module for module in inside if not _in_kinds(module, folder))
        yield "room", folder.relative_to(tree.ROOT).as_posix(), sum(module.lines for module in counted)
        yield from (
            ("front door", module.where, module.lines) for module in inside if module.path == folder / "__init__.py"
        )


def _in_kinds(module: tree.Module, folder) -> bool:
    return bool(set(module.path.relative_to(folder).parts[:-1]) & set(tree.KIND_FOLDERS))


def _functions(parent: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, Function):
            yield f"{prefix}{node.name}", node
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        else:
            yield from _functions(node, prefix)


def _function_sizes(what: str, node: Function) -> Iterator[tuple[str, str, int]]:
    yield "function", what, (node.end_lineno or node.lineno) - node.lineno + 1
    yield "nesting", what, _nesting(node.body)
    arguments = node.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    names += [argument.arg for argument in (arguments.vararg, arguments.kwarg) if argument]
    yield "parameters", what, len([name for name in names if name not in {"self", "cls"}])


BLOCKS = ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.TryStar | ast.Match


def _nesting(body: list[ast.stmt]) -> int:
    """How deep decisions stand in each other; an `elif` is as deep as its `if`, a `with` does not count."""
    deepest = 0
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        here = 1 if isinstance(node, BLOCKS) else 0
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None) or []
            is_elif = name == "orelse" and len(inner) == 1 and isinstance(inner[0], ast.If) and isinstance(node, ast.If)
            deepest = max(deepest, here, _nesting(inner) + (0 if is_elif else here))
        for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            deepest = max(deepest, here + _nesting(branch.body))
    return deepest
