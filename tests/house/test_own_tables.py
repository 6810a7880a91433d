"""A room's statements name its own tables; another room is asked by its front door."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.house import tree

# Small letters: PostgreSQL. The mirror, which has tables of its own, is asked in capitals.
STATEMENT = re.compile(r"\b(?:select|update|insert into|delete from)\b")
NAMED = re.compile(r"\b(?:from|join|update|into)\s+([a-z_]+)\b")
# Where one room reads another's table all the same, each with its reason. The list may only get shorter.
CROSSINGS = {
    ("shuke/doors/commands.py", "merchant"): "the command line lists merchants before one is chosen",
    ("shuke/doors/commands.py", "staff"): "the command line lists who may sign in",
    ("shuke/doors/metrics.py", "merchant"): "one statement for the figures of all merchants",
    ("shuke/ground/mirror/queries.py", "merchant"): "how far each merchant is copied, by its short name",
    ("shuke/ground/orders/queries.py", "receipt"): "an order is found by its outside key through its receipt",
    ("shuke/programs/intake/actions/late.py", "late_item"): "what waits for a person, kept beside the receipts",
    ("shuke/programs/intake/actions/refunds.py", "consumption"): "which lots an order's points came from",
    ("shuke/programs/intake/actions/refunds.py", "entry"): "what an order moved, to undo its share",
    ("shuke/programs/intake/actions/refunds.py", "lot"): "which lots an order's points came from",
}
# The auditor recomputes what the ledger wrote, and shares none of its code: decision 0014.
AUDITS = {
    ("shuke.assets.audit", room)
    for room in ("shuke.assets.points", "shuke.assets.confirmations", "shuke.assets.digests")
}


@cache
def owners() -> dict[str, str]:
    """Table → the room, or the tool of the kit, whose models declare it."""
    return {
        ast.literal_eval(node.value): tree.room_of(module.name)
        for module in tree.modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__tablename__"
    }


def _texts(module: tree.Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def crossings() -> set[tuple[str, str]]:
    """(file, table) wherever a statement names a table of another room. The kit's own tables belong to everybody."""
    found = set()
    for module in tree.modules():
        room = tree.room_of(module.name)
        if room.startswith("shuke.kit."):
            continue
        for text in filter(STATEMENT.search, _texts(module)):
            named = {name for name in NAMED.findall(text) if name in owners()}
            found |= {
                (module.where, name)
                for name in named
                if owners()[name] != room
                and not owners()[name].startswith("shuke.kit.")
                and (room, owners()[name]) not in AUDITS
            }
    return found


def test_a_rooms_statements_name_its_own_tables() -> None:
    tree.expect_none(
        f"{where} names the table {name} of {owners()[name]}; ask {owners()[name]}"
        for where, name in crossings() - CROSSINGS.keys()
    )


def test_no_reason_is_left_over() -> None:
    tree.expect_none(f"{where} no longer names {name}" for where, name in CROSSINGS.keys() - crossings())
