"""Rules answered by the mirror: one statement for the leaves of any number of trees, set algebra for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from pyroaring import BitMap

from shuke.ground import mirror, tenancy
from shuke.insight.grammar import conditions
from shuke.insight.grammar.conditions import rank, static_list
from shuke.insight.grammar.conditions import segment as nesting
from shuke.insight.grammar.policy import plans, rules, timers
from shuke.insight.grammar.policy.population import population_of, population_sql
from shuke.kit import references

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shuke.ground.mirror import Mirror, Moment
    from shuke.insight.grammar.policy.rules import Leaf, Node
    from shuke.insight.grammar.policy.timers import Slide
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
    due: datetime | None = None  # when time alone next changes something for those asked, where that was asked
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
    made = await mirror.moment(tx, merchant.merchant_id, as_of, merchant.zone, merchant.day_start_minutes)
    return replace(made, prices=await references.prices(tx, "offer"))


def _remembered(opened: Mirror, moment: Moment, among: Sequence[int] | None) -> BitMap | None:
    """The population of some instant without news of members since, where it is known."""
    whole = opened.remembered.get(_population_key(moment)) if _lasting(moment) else None
    return whole if whole is None or among is None else whole & BitMap(among)


def _population_key(moment: Moment) -> tuple[str, int, int | None]:
    return "population", moment.merchant_id, moment.members_mark


def _lasting(moment: Moment) -> bool:
    return moment.complete and moment.members_mark is not None


async def everyone(opened: Mirror, moment: Moment) -> BitMap:
    """All members at a moment. Remembered while no member comes, goes or is merged."""
    known = _remembered(opened, moment, None)
    if known is not None:
        return known
    population = population_of(await mirror.bitmaps(opened, population_sql(moment, opened.registry)))
    if _lasting(moment):
        mirror.remember(opened, _population_key(moment), population)
    return population


async def answer(
    opened: Mirror,
    trees: Sequence[Node],
    moment: Moment,
    known: Known | None = None,
    among: Sequence[int] | None = None,
    following: Sequence[Slide] = (),
) -> Answer:
    """All leaves of the trees, and of the segments they speak of, in one statement, and one more for each ranking.

    `among` asks for few members, with their part of the population and the next crossing of the edges `following` in the
    same statement; rankings then need their edge known.
    """
    known = known or Known()
    every = [*trees, *known.segments.values()]
    asked = dict.fromkeys(leaf for tree in every for leaf in conditions.leaves(tree))
    told = {leaf for leaf in asked if leaf.kind not in conditions.MEMBERSHIP}
    unknown = [leaf for leaf in asked if leaf.kind == rank.CODE and leaf.key not in known.edges]
    edges = {leaf.key: known.edges[leaf.key] for leaf in told if leaf.kind == rank.CODE and leaf.key in known.edges}
    population = await everyone(opened, moment) if among is None else _remembered(opened, moment, among)
    made = Answer(moment, BitMap() if population is None else population, {}, known.segments, known.lists, edges)
    first = {leaf: _plan(opened, made, leaf) for leaf in asked if leaf in told and leaf not in unknown}
    besides = _besides(opened, moment, among, population is None, following)
    await _ask(opened, made, first, among, besides)
    if unknown:
        found, ranked = await _edges(opened, made, unknown, known, among)
        edges |= found
        made.leaves |= ranked
        await _ask(opened, made, {leaf: _plan(opened, made, leaf) for leaf in unknown if leaf not in ranked}, among)
    for leaf in asked:
        if leaf.kind == rank.CODE and leaf.params.among is not None:
            made.leaves[leaf] &= made.members(leaf.params.among)
    return made


def _plan(opened: Mirror, made: Answer, leaf: Leaf) -> plans.Plan:
    given = (made.edges[leaf.key],) if leaf.kind == rank.CODE else ()
    return conditions.kind_of(leaf).plan(leaf, made.moment, opened.registry, *given)


def _besides(
    opened: Mirror, moment: Moment, among: Sequence[int] | None, population: bool, following: Sequence[Slide]
) -> dict[str, tuple[str, int]]:
    """What is asked of few members in the same statement as the conditions: SQL and number of bitmaps."""
    few, found = plans.restriction(among), {}
    if population:
        found["population"] = (population_sql(moment, opened.registry, few), 2 if moment.complete else 3)
    if following:
        found["due"] = (timers.next_sql(following, moment, few), 1)
    return found


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


async def _ask(
    opened: Mirror,
    made: Answer,
    asked: dict[Leaf, plans.Plan],
    among: Sequence[int] | None,
    besides: Mapping[str, tuple[str, int]] | None = None,
) -> None:
    """Bitmaps of all these leaves, and what is asked besides, in one statement, into the answer."""
    if not asked and not besides:
        return
    leaves, told, besides = list(asked), list(asked.values()), besides or {}
    order, sql = plans.bitmaps_sql(plans.passes(told, among), list(besides.values()))
    found = await mirror.bitmaps(opened, sql)
    for name, (_, width) in besides.items():
        mine, found = found[:width], found[width:]
        if name == "population":
            made.everyone = population_of(mine)
        else:
            made.due = timers.due_of(mine[0])
    for number, bitmap in zip(order, found, strict=True):
        made.leaves[leaves[number]] = made.everyone - bitmap if told[number].inverted else bitmap & made.everyone


async def crossings(
    opened: Mirror, following: Sequence[Slide], moment: Moment, since: datetime | None
) -> tuple[BitMap, datetime | None]:
    """Whose rows crossed an edge since then, and when the next row of anybody will; one statement."""
    besides = [(timers.next_sql(following, moment), 1)]
    if since is not None:
        besides.append((timers.crossed_sql(following, moment, since), 1))
    due, *crossed = await mirror.bitmaps(opened, plans.bitmaps_sql([], besides)[1])
    return crossed[0] if crossed else BitMap(), timers.due_of(due)


async def _edges(
    opened: Mirror, made: Answer, ranked: Sequence[Leaf], known: Known, among: Sequence[int] | None
) -> tuple[dict[str, float | None], dict[Leaf, BitMap]]:
    """The edge of each ranking: as given, else found over all members; who is within it, where all were measured for it."""
    missing = [leaf for leaf in ranked if leaf.key not in known.edges]
    edges = {leaf.key: known.edges[leaf.key] for leaf in ranked if leaf.key in known.edges}
    within: dict[Leaf, BitMap] = {}
    whole = made
    if missing and among is not None:
        inner = [leaf.params.among for leaf in missing if leaf.params.among is not None]
        whole = await answer(opened, inner, made.moment, known)
    for leaf in missing:
        eligible = whole.everyone if leaf.params.among is None else whole.members(leaf.params.among)
        plan = rank.ranking(leaf, made.moment, opened.registry)
        members, values = await mirror.measured(opened, plans.all_values_sql(plan))
        edge = edges[leaf.key] = edge_of(leaf.params, members, values, eligible)
        if among is None:
            inside = members[:0] if edge is None else members[values >= edge if leaf.params.top else values <= edge]
            within[leaf] = made.everyone & BitMap(np.sort(inside))  # in order they go in several times as fast
    return edges, within


def _eligible(members: np.ndarray, eligible: BitMap) -> np.ndarray:
    """Which of these numbers are in the set: most often it holds all from its first to its last."""
    if not eligible:
        return np.zeros(len(members), dtype=bool)
    first, last = eligible.min(), eligible.max()
    within = (members >= first) & (members <= last)
    if len(eligible) == last - first + 1:
        return within
    inside = np.zeros(last + 1, dtype=bool)
    inside[np.array(eligible, dtype=np.int64)] = True
    return within & inside[np.where(within, members, first)]


def edge_of(wanted: rank.Rank, members: np.ndarray, values: np.ndarray, eligible: BitMap) -> float | None:
    """Of members and what they measure, all above 0: the measure of the last who belongs among those eligible; None: nobody."""
    inside = _eligible(members, eligible)
    values = values if inside.all() else values[inside]
    place = wanted.place(len(values))
    if not place:
        return None
    nth = len(values) - place if wanted.top else place - 1
    return float(np.partition(values, nth)[nth])
