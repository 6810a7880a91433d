"""A room is entered by its front door: from another room import the package, never a file inside it."""

import ast
from functools import cache

import pytest

from tests.house import tree


@cache
def _rooms() -> set[str]:
    rooms = {f"shuke.{folder.parent.name}.{folder.name}" for folder in tree.room_folders()}
    tools = {name for name in tree.module_names() if name.startswith("shuke.kit.") and name.count(".") == 2}
    return rooms | tools


def _allowed(importer: str, target: str) -> bool:
    room = tree.room_of(target)
    if target == room or tree.room_of(importer) == room or room not in _rooms():
        return True
    if importer.startswith("shuke.doors."):
        return room.startswith("shuke.kit.") or _inside(room, target) in tree.DOOR_ONLY
    return False


def _inside(room: str, target: str) -> str:
    """The first part of a module's name below its room."""
    return target.removeprefix(f"{room}.").split(".")[0]


def test_only_packages_are_imported_from_other_rooms() -> None:
    found = [
        f"{module.where}:{taken.line} imports {taken.target}; import {tree.room_of(taken.target)} instead"
        for module in tree.modules()
        for taken in module.imports
        if not _allowed(module.name, taken.target)
    ]
    tree.expect_none(found)


def test_no_file_is_reached_through_the_package() -> None:
    """`members.actions.merge(…)` is the same trespass as importing `members.actions`."""
    found = []
    for module in tree.modules():
        rooms = {
            taken.target.rsplit(".", 1)[1]: taken.target
            for taken in module.imports
            if taken.name is None and taken.target in _rooms() and tree.room_of(module.name) != taken.target
        }
        found += [
            f"{module.where}:{node.lineno} reaches into {rooms[node.value.id]}.{node.attr}"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in rooms
            and not _allowed(module.name, f"{rooms[node.value.id]}.{node.attr}")
            and f"{rooms[node.value.id]}.{node.attr}" in tree.module_names()
            and node.attr not in exported(rooms[node.value.id])
        ]
    tree.expect_none(found)


def exported(room: str) -> set[str]:
    """What a front door re-exports."""
    door = next(module for module in tree.modules() if module.name == room)
    return {taken.name or taken.target.rsplit(".", 1)[1] for taken in door.imports}


@pytest.mark.parametrize("folder", tree.room_folders(), ids=lambda folder: folder.name)
def test_a_front_door_only_opens(folder) -> None:
    """`__init__.py` holds a sentence, imports and `__all__`, which names every import."""
    door = next((module for module in tree.modules() if module.path == folder / "__init__.py"), None)
    assert door is not None, f"{folder.name} has no front door (__init__.py)"
    body = door.tree.body
    assert ast.get_docstring(door.tree), f"{door.where} says nothing about the room"
    other = [
        node
        for node in body[1:]
        if not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
    ]
    tree.expect_none(f"{door.where}:{node.lineno} does more than open" for node in other)
