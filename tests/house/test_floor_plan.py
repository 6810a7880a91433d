"""The floor plan is exhaustive: each floor has its contract, each built room its place without brackets."""

import configparser
import re

from tests.house import tree


def _plan() -> configparser.ConfigParser:
    plan = configparser.ConfigParser()
    plan.read(tree.ROOT / ".importlinter", encoding="utf-8")
    return plan


def test_a_built_room_has_no_brackets_and_an_unbuilt_one_has() -> None:
    wrong = []
    for floor in tree.FLOORS_WITH_ROOMS:
        layers = _plan()[f"importlinter:contract:{floor}"]["layers"]
        planned = {word.strip("()"): word.startswith("(") for word in re.findall(r"\(?\w+\)?", layers)}
        built = {folder.name for folder in tree.room_folders() if folder.parent.name == floor}
        wrong += [f"{floor}/{room} is not on the plan" for room in built - planned.keys()]
        wrong += [f"{floor}/{room} is built: take its brackets off" for room in built if planned.get(room)]
        wrong += [f"{floor}/{room} is missing" for room, open_ in planned.items() if not open_ and room not in built]
    tree.expect_none(wrong)


def test_every_floor_is_exhaustive() -> None:
    plan = _plan()
    for floor in ("floors", *tree.FLOORS_WITH_ROOMS):
        assert plan[f"importlinter:contract:{floor}"].getboolean("exhaustive"), floor


def test_nothing_is_excused() -> None:
    assert "ignore_imports" not in (tree.ROOT / ".importlinter").read_text(encoding="utf-8")
