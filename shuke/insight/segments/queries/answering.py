"""Rules answered by the mirror: one statement for the leaves of any number of trees, set algebra for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyroaring import BitMap

from shuke.ground import mirror
from shuke.insight.segments import conditions
from shuke.insight.segments.policy import plans, rules
from shuke.insight.segments.policy.population import population_sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import Mirror, Moment
    from shuke.insight.segments.policy.rules import Leaf, Node


@dataclass(frozen=True, slots=True)
class Answer:
    """The population at a moment, and the members of each leaf within it."""

    everyone: BitMap
    leaves: Mapping[Leaf, BitMap]

    def members(self, node: Node) -> BitMap:
        """The members of a tree."""
        return rules.evaluate(node, self.everyone, self.leaves.__getitem__)


async def everyone(opened: Mirror, moment: Moment) -> BitMap:
    """All members at a moment."""
    found = await mirror.bitmaps(opened, population_sql(moment, opened.registry))
    return found[0] if len(found) == 2 else found[0] - (found[1] & found[2])


async def answer(opened: Mirror, trees: Sequence[Node], moment: Moment, known: Mapping[Leaf, BitMap]) -> Answer:
    """All leaves of the trees: asked of the engine, except those that are `known` (membership, lists)."""
    population = await everyone(opened, moment)
    asked = [leaf for leaf in dict.fromkeys(leaf for tree in trees for leaf in rules.leaves(tree)) if leaf not in known]
    found: dict[Leaf, BitMap] = {leaf: members & population for leaf, members in known.items()}
    if asked:
        made = [conditions.kind_of(leaf).plan(leaf, moment, opened.registry) for leaf in asked]
        order, sql = plans.bitmaps_sql(plans.passes(made))
        for number, bitmap in zip(order, await mirror.bitmaps(opened, sql), strict=True):
            found[asked[number]] = population - bitmap if made[number].inverted else bitmap & population
    return Answer(population, found)
