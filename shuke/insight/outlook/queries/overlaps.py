"""How segments overlap: pairs as a matrix, and every combination with its size, from the bitmaps alone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from pyroaring import BitMap

from shuke.insight import segments
from shuke.kit.db import Tx

MOST = 10
SHOWN = 24


class Combination(msgspec.Struct, frozen=True):
    """Members who are in exactly these of the compared segments."""

    slugs: list[str]
    count: int


class Overlap(msgspec.Struct, frozen=True):
    """Segments compared: `matrix[i][j]` members in both, the largest combinations first."""

    slugs: list[str]
    names: list[str]
    matrix: list[list[int]]
    combinations: list[Combination]


async def overlap(tx: Tx, slugs: Sequence[str]) -> Overlap:
    """Compare at most ten segments as of their last refresh; three statements. Refuses `NoSuchSegment`."""
    asked = list(dict.fromkeys(slugs))[:MOST]
    found = await segments.members_each(tx, asked)
    sets = [found[slug] for slug in asked]
    names = await segments.names(tx, asked)
    matrix = [[one.intersection_cardinality(other) for other in sets] for one in sets]
    return Overlap(asked, [names[slug] for slug in asked], matrix, _combinations(asked, sets))


def _combinations(slugs: Sequence[str], sets: Sequence[BitMap]) -> list[Combination]:
    """Parts of the union by who is in them; each set splits every part in two, so only parts that exist are kept."""
    parts: dict[tuple[str, ...], BitMap] = {(): BitMap.union(*sets) if sets else BitMap()}
    for slug, members in zip(slugs, sets, strict=True):
        inside = {(*names, slug): part & members for names, part in parts.items()}
        outside = {names: part - members for names, part in parts.items()}
        parts = {names: part for names, part in (inside | outside).items() if part}
    largest = sorted(parts.items(), key=lambda one: (-len(one[1]), one[0]))[:SHOWN]
    return [Combination(list(names), len(part)) for names, part in largest]
