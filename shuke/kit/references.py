"""Who uses what: rooms above say how to find their uses, so that a delete below can refuse with the list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from shuke.kit.db import Tx


class Use(msgspec.Struct, frozen=True):
    """One thing that uses another: what it is, its id, and its name as people know it."""

    kind: str
    id: str
    name: str


Finder = Callable[["Tx", str], Awaitable[list[Use]]]
_finders: dict[str, list[Finder]] = {}


def watch(kind: str, finder: Finder) -> None:
    """Let `finder(tx, key)` be asked before a thing of that kind is deleted; the doors wire it once per process."""
    listed = _finders.setdefault(kind, [])
    if finder not in listed:
        listed.append(finder)


async def uses(tx: Tx, kind: str, key: str) -> list[Use]:
    """All that uses this thing, in the order in which the rooms were wired."""
    return [use for finder in _finders.get(kind, ()) for use in await finder(tx, key)]
