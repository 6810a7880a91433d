"""Who uses what, and what it is called: rooms above say how to find their uses and names, for rooms below to show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from shuke.kit.db import Tx
    from shuke.kit.kinds import Sentence


class Use(msgspec.Struct, frozen=True):
    """One thing that uses another: what it is, its id, and its name as people know it."""

    kind: str
    id: str
    name: str


Finder = Callable[["Tx", str], Awaitable[list[Use]]]
_finders: dict[str, list[Finder]] = {}
Namer = Callable[["Tx", Iterable[str]], Awaitable["Mapping[str, str | Sentence]"]]
_namers: dict[str, Namer] = {}


def watch(kind: str, finder: Finder) -> None:
    """Let `finder(tx, key)` be asked before a thing of that kind is deleted; the doors wire it once per process."""
    listed = _finders.setdefault(kind, [])
    if finder not in listed:
        listed.append(finder)


async def uses(tx: Tx, kind: str, key: str) -> list[Use]:
    """All that uses this thing, in the order in which the rooms were wired."""
    return [use for finder in _finders.get(kind, ()) for use in await finder(tx, key)]


def call(kind: str, namer: Namer) -> None:
    """Let `namer(tx, keys)` say what people call the things of that kind: a text where both languages share it.

    The doors wire it once per process.
    """
    _namers[kind] = namer


async def names(tx: Tx, keys: Mapping[str, Iterable[str]]) -> dict[str, Mapping[str, str | Sentence]]:
    """The names of things by kind and key, those unknown left out; one statement for each kind."""
    return {kind: await _namers[kind](tx, sorted(wanted)) for kind, wanted in keys.items() if kind in _namers}
