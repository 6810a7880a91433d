"""A sample of the members in blocks of neighbours, and what it says of everybody, with its margin."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyroaring import BitMap

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = 40
SIDE = 250
FEW = 100_000
"""Up to so many members a rule is counted exactly at once."""
_T = 2.0227
"""The 97.5 % point of Student's t with 39 degrees of freedom, one less than there are blocks."""
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many there are among everybody, give or take the margin."""

    count: int
    margin: int


def blocks(population: BitMap, seed: int) -> list[BitMap]:
    """Forty blocks of 250 members who are neighbours by number, one from each fortieth of the population.

    Where a block begins follows from the seed alone, so that the same members are asked while somebody types. It goes round
    at the end of its fortieth: everybody is as likely to be asked. The population is larger than all blocks together.
    """
    found = []
    for number in range(BLOCKS):
        start, end = number * len(population) // BLOCKS, (number + 1) * len(population) // BLOCKS
        digest = hashlib.blake2b(f"{seed}:{number}".encode(), digest_size=8).digest()
        first = start + int.from_bytes(digest) % (end - start)
        rest = first + SIDE - end
        block = BitMap(population[first : min(first + SIDE, end)])
        found.append(block | BitMap(population[start : start + rest]) if rest > 0 else block)
    return found


def estimate(asked: Sequence[BitMap], found: BitMap, total: int) -> Estimate:
    """How many of `total` members a rule stands for, by those found among the blocks asked, with the margin of 95 %.

    The blocks differ by more than chance where neighbours are alike, so the margin comes from how much they differ: one-stage
    sampling of clusters of equal size with the correction for a finite population, t·√((1 − f)·s²/n) (Cochran, Sampling
    Techniques, 3rd ed. 1977, §9.3). It is never less than what ten thousand single members would leave open (Wilson 1927),
    which also holds where nobody or everybody was found.
    """
    size = sum(map(len, asked))
    shares = [block.intersection_cardinality(found) / len(block) for block in asked]
    share = sum(shares) / len(shares)
    spread = sum((one - share) ** 2 for one in shares) / (len(shares) - 1)
    clustered = _T * math.sqrt((1 - size / total) * spread / len(shares))
    square = _Z**2 / size
    middle, half = share + square / 2, _Z * math.sqrt(share * (1 - share) / size + square / (4 * size))
    single = max((middle + half) / (1 + square) - share, share - (middle - half) / (1 + square))
    return Estimate(round(share * total), math.ceil(max(clustered, single) * total))
