"""Every room has the same furniture, a page that explains it, and names that say what is inside."""

import ast

import pytest

from tests.house import tree

BANNED_WORDS = {
    "utils", "helpers", "common", "misc", "base", "core", "manager", "processor", "handler", "service",
    "impl", "data", "info",
}  # fmt: skip

rooms = pytest.mark.parametrize("folder", tree.room_folders(), ids=lambda folder: f"{folder.parent.name}-{folder.name}")


@rooms
def test_a_room_has_a_page(folder) -> None:
    page = folder / "README.md"
    assert page.is_file(), f"{folder.name} has no README.md: what it is and is not, words, invariants, boundaries, time"
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# "), f"{page.name} of {folder.name} starts with its name"
    assert 8 <= text.count("\n") <= 120, f"the page of {folder.name} is one page: {text.count(chr(10))} lines"


@rooms
def test_only_furniture_stands_at_the_top_of_a_room(folder) -> None:
    allowed = {"README.md", "__init__.py", *tree.KIND_FOLDERS, *tree.FURNITURE}
    allowed |= {f"{name}.py" for name in tree.FURNITURE}
    allowed |= set(tree.PLANNED_FOLDERS.get(folder.name, ()))
    found = {entry.name for entry in folder.iterdir() if not entry.name.startswith((".", "__pycache__"))}
    cure = "a folder by topic takes the name of the file it replaces: policy/, actions/"
    tree.expect_none(f"{folder.name}/{name}: {cure}" for name in found - allowed)


@rooms
def test_a_folder_of_kinds_names_its_kinds(folder) -> None:
    """No auto-discovery: `__init__.py` of conditions/, effects/, steps/ … imports every file beside it."""
    for kinds in (folder / name for name in tree.KIND_FOLDERS if (folder / name).is_dir()):
        index = next(module for module in tree.modules() if module.path == kinds / "__init__.py")
        named = {taken.target.removeprefix(f"{index.name}.").split(".")[0] for taken in index.imports}
        beside = {path.stem for path in kinds.glob("*.py")} - {"__init__"}
        tree.expect_none(f"{index.where} does not name {name}" for name in beside - named)


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [
        module.where for module in tree.all_code() if BANNED_WORDS & set(module.name.rsplit(".", 1)[-1].split("_"))
    ]
    tree.expect_none(found)


def test_every_module_says_in_a_sentence_what_it_holds() -> None:
    found = [
        module.where
        for module in tree.all_code()
        if module.tree.body and not (ast.get_docstring(module.tree) or "").strip()
    ]
    tree.expect_none(found)


def test_every_public_verb_and_question_has_a_promise() -> None:
    found = [
        f"{module.where}:{node.lineno} {node.name}"
        for module in tree.modules()
        if any(part in ("actions", "queries") for part in module.name.split(".")[3:4])
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    tree.expect_none(found)
