"""Rules answered by the mirror: one statement for the leaves of any number of trees, set algebra for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyroaring import BitMap

from shuke.ground import mirror, tenancy
from shuke.insight.segments import conditions
from shuke.insight.segments.conditions import segment as nesting
from shuke.insight.segments.policy import plans, rules
from shuke.insight.segments.policy.population import population_sql
from shuke.insight.segments.queries import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from shuke.ground.mirror import Mirror, Moment
    from shuke.insight.segments.policy.rules import Leaf, Node
    from shuke.kit.db import Tx


@dataclass(slots=True)
class Answer:
    """The population at a moment, the members of each leaf within it, and of the segments that the trees speak of."""

    moment: Moment
    everyone: BitMap
    leaves: Mapping[Leaf, BitMap]
    nested: Mapping[str, Node]
    _known: dict[str, BitMap] = field(default_factory=dict)

    def members(self, node: Node) -> BitMap:
        """The members of a tree."""
        return rules.evaluate(node, self.everyone, self._of_leaf)

    def _of_leaf(self, leaf: Leaf) -> BitMap:
        if leaf.kind != nesting.CODE:
            return self.leaves[leaf]
        slug = leaf.params
        if slug not in self._known:
            self._known[slug] = self.members(self.nested[slug])
        return self._known[slug]


async def nested(tx: Tx, trees: Iterable[Node]) -> dict[str, Node]:
    """The rules of all segments that the trees speak of, directly or through others; refuses unknown ones and circles."""
    if not any(conditions.segments_of(tree) for tree in trees):
        return {}
    rows = {row.slug: row for row in await catalog.stored(tx)}
    found: dict[str, Node] = {}
    path: list[str] = []

    def follow(tree: Node) -> None:
        for leaf in rules.leaves(tree):
            if leaf.kind != nesting.CODE or leaf.params in found:
                continue
            slug = leaf.params
            if slug in path:
                circle = " → ".join([*path[path.index(slug) :], slug])
                raise rules.BadRule(
                    leaf.path, f"分群互相引用：{circle}。", f"Segments form a circle: {circle}.", "circle"
                )
            if slug not in rows:
                raise rules.BadRule(
                    leaf.path, f"没有分群「{slug}」。", f'There is no segment "{slug}".', "unknown_segment"
                )
            path.append(slug)
            inner = conditions.parse(rows[slug].rule, mirror.declared())
            follow(inner)
            path.pop()
            found[slug] = inner

    for tree in trees:
        follow(tree)
    return found


async def moment_of(tx: Tx, as_of: datetime) -> Moment:
    """The merchant of the transaction at an instant."""
    merchant = await tenancy.get_merchant(tx)
    return await mirror.moment(tx, merchant.merchant_id, as_of, merchant.zone, merchant.day_start_minutes)


async def everyone(opened: Mirror, moment: Moment, among: Sequence[int] | None = None) -> BitMap:
    """All members at a moment, or those of some. Remembered while no member comes, goes or is merged."""
    key = ("population", moment.merchant_id, moment.members_mark)
    remembering = among is None and moment.complete and moment.members_mark is not None
    if remembering and (known := opened.remembered.get(key)) is not None:
        return known
    found = await mirror.bitmaps(opened, population_sql(moment, opened.registry, plans.restriction(among)))
    population = found[0] if len(found) == 2 else found[0] - (found[1] & found[2])
    if remembering:
        mirror.remember(opened, key, population)
    return population


async def answer(
    opened: Mirror, trees: Sequence[Node], moment: Moment, inside: Mapping[str, Node] | None = None,
    among: Sequence[int] | None = None,
) -> Answer:  # fmt: skip
    """All leaves of the trees, and of the segments they speak of (`nested`), in one statement; `among` asks for few members."""
    population = await everyone(opened, moment, among)
    every = [*trees, *(inside or {}).values()]
    leaves = dict.fromkeys(leaf for tree in every for leaf in rules.leaves(tree) if leaf.kind != nesting.CODE)
    asked = list(leaves)
    found: dict[Leaf, BitMap] = {}
    if asked:
        made = [conditions.kind_of(leaf).plan(leaf, moment, opened.registry) for leaf in asked]
        order, sql = plans.bitmaps_sql(plans.passes(made, among))
        for number, bitmap in zip(order, await mirror.bitmaps(opened, sql), strict=True):
            found[asked[number]] = population - bitmap if made[number].inverted else bitmap & population
    return Answer(moment, population, found, inside or {})
