"""Who uses what, and what it is called: rooms above say how to find their uses and names, for rooms below to show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
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


Finder = Callable[["Tx", Sequence[str]], Awaitable[list[tuple[str, Use]]]]
_finders: dict[str, list[Finder]] = {}
Namer = Callable[["Tx", Iterable[str]], Awaitable["Mapping[str, str | Sentence]"]]
_namers: dict[str, Namer] = {}
Teller = Callable[["Tx"], Awaitable["Mapping[str, str]"]]
_tellers: dict[str, Teller] = {}
Pricer = Callable[["Tx"], Awaitable["Mapping[str, int]"]]
_pricers: dict[str, Pricer] = {}


def watch(kind: str, finder: Finder) -> None:
    """Let `finder(tx, keys)` say by key what uses things of that kind, asked before one is deleted and where they are listed.

    The doors wire it once per process.
    """
    listed = _finders.setdefault(kind, [])
    if finder not in listed:
        listed.append(finder)


async def uses(tx: Tx, kind: str, key: str) -> list[Use]:
    """All that uses this thing, in the order in which the rooms were wired."""
    return (await uses_of(tx, kind, [key]))[key]


async def uses_of(tx: Tx, kind: str, keys: Iterable[str]) -> dict[str, list[Use]]:
    """All that uses each of these things; every room is asked once, however many they are, and not at all for none."""
    found: dict[str, list[Use]] = {key: [] for key in keys}
    for finder in _finders.get(kind, ()) if found else ():
        for key, use in await finder(tx, list(found)):
            found[key].append(use)
    return found


def call(kind: str, namer: Namer) -> None:
    """Let `namer(tx, keys)` say what people call the things of that kind: a text where both languages share it.

    The doors wire it once per process.
    """
    _namers[kind] = namer


def tell(kind: str, teller: Teller) -> None:
    """Let `teller(tx)` say which things of that kind there are: names by key. The doors wire it once per process."""
    _tellers[kind] = teller


async def all_of(tx: Tx, kind: str) -> Mapping[str, str] | None:
    """The names of all things of that kind by key, None where nobody says; one statement."""
    return await _tellers[kind](tx) if kind in _tellers else None


def price(kind: str, pricer: Pricer) -> None:
    """Let `pricer(tx)` say what the things of that kind cost now, by key. The doors wire it once per process."""
    _pricers[kind] = pricer


async def prices(tx: Tx, kind: str) -> Mapping[str, int]:
    """What the things of that kind cost now, by key; one statement, none where nobody says."""
    return await _pricers[kind](tx) if kind in _pricers else {}


async def names(tx: Tx, keys: Mapping[str, Iterable[str]]) -> dict[str, Mapping[str, str | Sentence]]:
    """The names of things by kind and key, those unknown left out; one statement for each kind."""
    return {kind: await _namers[kind](tx, sorted(wanted)) for kind, wanted in keys.items() if kind in _namers}
