"""Rules answered by the mirror: one statement for the leaves of any number of trees, set algebra for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pyroaring import BitMap

from shuke.ground import mirror, tenancy
from shuke.insight.grammar import conditions
from shuke.insight.grammar.conditions import rank, static_list
from shuke.insight.grammar.conditions import segment as nesting
from shuke.insight.grammar.policy import plans, rules
from shuke.insight.grammar.policy.population import population_sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shuke.ground.mirror import Mirror, Moment
    from shuke.insight.grammar.policy.rules import Leaf, Node
    from shuke.kit.db import Tx


INSTANTS = 31


@dataclass(slots=True)
class Answer:
    """The population at a moment, the members of each leaf within it, and of the segments that the trees speak of."""

    moment: Moment
    everyone: BitMap
    leaves: dict[Leaf, BitMap]
    nested: Mapping[str, Node]
    lists: Mapping[str, BitMap] = field(default_factory=dict)
    edges: Mapping[str, float | None] = field(default_factory=dict)
    _known: dict[str, BitMap] = field(default_factory=dict)

    def members(self, node: Node) -> BitMap:
        """The members of a tree."""
        return rules.evaluate(node, self.everyone, self._of_leaf)

    def _of_leaf(self, leaf: Leaf) -> BitMap:
        if leaf.kind == static_list.CODE:
            return self.lists.get(leaf.params, BitMap()) & self.everyone
        if leaf.kind != nesting.CODE:
            return self.leaves[leaf]
        slug = leaf.params
        if slug not in self._known:
            self._known[slug] = self.members(self.nested[slug])
        return self._known[slug]


@dataclass(frozen=True, slots=True)
class Known:
    """What a question needs beside the mirror: the segments and lists that rules speak of, and edges of rankings by leaf.

    Edges that are not given are found anew.
    """

    segments: Mapping[str, Node] = field(default_factory=dict)
    lists: Mapping[str, BitMap] = field(default_factory=dict)
    edges: Mapping[str, float | None] = field(default_factory=dict)


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
    opened: Mirror,
    trees: Sequence[Node],
    moment: Moment,
    known: Known | None = None,
    among: Sequence[int] | None = None,
) -> Answer:
    """All leaves of the trees, and of the segments they speak of, in one statement, and one more for each ranking.

    `among` asks for few members; rankings then need their edge known.
    """
    known = known or Known()
    population = await everyone(opened, moment, among)
    every = [*trees, *known.segments.values()]
    asked = dict.fromkeys(leaf for tree in every for leaf in conditions.leaves(tree))
    plain = [leaf for leaf in asked if leaf.kind not in (*conditions.MEMBERSHIP, rank.CODE)]
    ranked = [leaf for leaf in asked if leaf.kind == rank.CODE]
    found: dict[Leaf, BitMap] = {}
    edges: dict[str, float | None] = {}
    made = Answer(moment, population, found, known.segments, known.lists, edges)
    await _ask(
        opened, made, {leaf: conditions.kind_of(leaf).plan(leaf, moment, opened.registry) for leaf in plain}, among
    )
    if not ranked:
        return made
    edges |= await _edges(opened, made, ranked, known, among)
    await _ask(
        opened, made, {leaf: rank.plan(leaf, moment, opened.registry, edges[leaf.key]) for leaf in ranked}, among
    )
    for leaf in ranked:
        if leaf.params.among is not None:
            found[leaf] &= made.members(leaf.params.among)
    return made


async def answers_at(
    opened: Mirror, trees: Sequence[Node], moments: Sequence[Moment], known: Known, among: Sequence[int] | None = None
) -> list[Answer]:
    """The trees at several instants, of the population and with the edges of the first; one statement for thirty instants."""
    first = await answer(opened, trees, moments[0], known, among)
    answers = [first]
    for start in range(1, len(moments), INSTANTS):
        asked: list[tuple[Answer, Leaf, plans.Plan]] = []
        for moment in moments[start : start + INSTANTS]:
            made = Answer(moment, first.everyone, {}, first.nested, first.lists, first.edges)
            answers.append(made)
            for leaf in first.leaves:
                kind = conditions.kind_of(leaf)
                given = (first.edges[leaf.key],) if leaf.kind == rank.CODE else ()
                asked.append((made, leaf, kind.plan(leaf, moment, opened.registry, *given)))
        if not asked:
            continue
        order, sql = plans.bitmaps_sql(plans.passes([plan for _, _, plan in asked], among))
        for number, bitmap in zip(order, await mirror.bitmaps(opened, sql), strict=True):
            made, leaf, plan = asked[number]
            made.leaves[leaf] = made.everyone - bitmap if plan.inverted else bitmap & made.everyone
    for made in answers[1:]:
        for leaf in made.leaves:
            if leaf.kind == rank.CODE and leaf.params.among is not None:
                made.leaves[leaf] &= made.members(leaf.params.among)
    return answers


async def _ask(opened: Mirror, made: Answer, asked: dict[Leaf, plans.Plan], among: Sequence[int] | None) -> None:
    """Bitmaps of all these leaves in one statement, into the answer."""
    if not asked:
        return
    leaves, told = list(asked), list(asked.values())
    order, sql = plans.bitmaps_sql(plans.passes(told, among))
    for number, bitmap in zip(order, await mirror.bitmaps(opened, sql), strict=True):
        made.leaves[leaves[number]] = made.everyone - bitmap if told[number].inverted else bitmap & made.everyone


async def _edges(
    opened: Mirror, made: Answer, ranked: Sequence[Leaf], known: Known, among: Sequence[int] | None
) -> dict[str, float | None]:
    """The edge of each ranking: as given, else found over all members."""
    missing = [leaf for leaf in ranked if leaf.key not in known.edges]
    edges = {leaf.key: known.edges[leaf.key] for leaf in ranked if leaf.key in known.edges}
    whole = made
    if missing and among is not None:
        inner = [leaf.params.among for leaf in missing if leaf.params.among is not None]
        whole = await answer(opened, inner, made.moment, known)
    for leaf in missing:
        eligible = whole.everyone if leaf.params.among is None else whole.members(leaf.params.among)
        plan = rank.ranking(leaf, made.moment, opened.registry)
        edges[leaf.key] = edge_of(leaf.params, await mirror.measured(opened, plans.all_values_sql(plan)), eligible)
    return edges


def edge_of(wanted: rank.Rank, measured: np.ndarray, eligible: BitMap) -> float | None:
    """The measure of the last who belongs among those eligible; None: nobody does."""
    above = measured[measured["value"] > 0]
    inside = np.zeros(int(max(above["member"].max(initial=0), eligible.max() if eligible else 0)) + 1, dtype=bool)
    inside[np.array(eligible, dtype=np.int64)] = True
    values = above["value"][inside[above["member"]]]
    place = wanted.place(len(values))
    if not place:
        return None
    nth = len(values) - place if wanted.top else place - 1
    return float(np.partition(values, nth)[nth])
