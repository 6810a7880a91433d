"""Which goods an order of an amount could hold so that other rules apply: by kinds of goods that rules tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from shuke.programs import earning
from shuke.programs.foresight.policy.world import OTHER

if TYPE_CHECKING:
    from shuke.programs.foresight.policy.world import World

MOST_SORTS = 16
MOST_BASKETS = 20_000
Sort = tuple[str, str, str]
"""Goods that all rules treat alike: sku, category, brand."""
Basket = tuple[earning.Line, ...]


@dataclass(frozen=True, slots=True)
class Baskets:
    """Baskets that no two of which are the same to the rules, and whether there could be others."""

    found: list[Basket]
    exact: bool


def asked(rules: Sequence[earning.LiveRule]) -> list[tuple[Any, int]]:
    """What rules ask of goods: which, and how many pieces."""
    found = [(params, params.pieces) for rule in rules for kind, params in rule.conditions if kind.code == "product"]
    return found + [(rule.params, 1) for rule in rules if rule.kind == "product_bonus"]


def sorts(rules: Sequence[earning.LiveRule]) -> tuple[list[Sort], bool]:
    """One example of every sort of goods that the rules tell apart, the plainest first."""
    wanted = [params for params, _ in asked(rules)]
    skus = [OTHER, *dict.fromkeys(sku for params in wanted for sku in params.skus)]
    categories = ["", *dict.fromkeys(one for params in wanted for one in params.categories)]
    brands = ["", *dict.fromkeys(one for params in wanted for one in params.brands)]
    found: dict[tuple[bool, ...], Sort] = {}
    for sort in product(skus, categories, brands):
        line = earning.Line(sort[0], 1, 100, sort[1], sort[2])
        found.setdefault(tuple(bool(earning.chosen(params, [line])) for params in wanted), sort)
    return list(found.values())[:MOST_SORTS], len(found) <= MOST_SORTS


def baskets(world: World, rules: Sequence[earning.LiveRule], amount_fen: int) -> Baskets:
    """Ways to spend an amount: all on one sort, or as much on a sort as its capped bonus counts and the rest on another;
    spare pieces of any sort, and a piece of others for nothing beside them."""
    found, exact = sorts(rules)
    if len(found) == 1:
        return Baskets([(_line(found[0], amount_fen, world.pieces),)], exact)
    many = islice(_all(world, rules, found, amount_fen), MOST_BASKETS)
    listed = list(dict.fromkeys(many))
    capped_pieces = any(
        rule.kind == "product_bonus" and rule.params.per == "piece" and any(cap.points for cap in rule.terms.caps)
        for rule in rules
    )
    return Baskets(listed, exact and len(listed) < MOST_BASKETS and not capped_pieces)


def _all(world: World, rules: Sequence[earning.LiveRule], found: list[Sort], amount_fen: int) -> Iterator[Basket]:
    pieces = sorted({1, *(pieces for _, pieces in asked(rules))})
    beside: list[dict[Sort, int]] = [{}]
    beside += [{sort: count} for sort in found for count in pieces]
    beside += [dict.fromkeys(found, count) for count in pieces]
    for money, others in product(list(_spent(found, _saturating(rules), amount_fen)), beside):
        counts = {sort: max(others.get(sort, 0), 1 if sort in money else 0) for sort in {**money, **others}}
        for counted in _filled(counts, found, world.pieces):
            yield tuple(_line(sort, money.get(sort, 0), count) for sort, count in sorted(counted.items()))


def _filled(counts: dict[Sort, int], found: list[Sort], most: int) -> Iterator[dict[Sort, int]]:
    """The pieces that are left over, on any one sort; nothing where there are too many already."""
    spare = most - sum(counts.values())
    if spare == 0:
        yield counts
    elif spare > 0:
        yield from (counts | {sort: counts.get(sort, 0) + spare} for sort in found)


def _spent(found: list[Sort], saturating: list[int], amount_fen: int) -> Iterator[dict[Sort, int]]:
    """The money by sort: one sort, or up to two filled to where a cap bites and the rest on another."""
    for sort in found:
        yield {sort: amount_fen}
    for first, last in product(found, found):
        for filled in saturating:
            if first != last and filled < amount_fen:
                yield {first: filled, last: amount_fen - filled}
    for first, second, last in product(found, found, found):
        for one, two in product(saturating, saturating):
            if len({first, second, last}) == 3 and one + two < amount_fen:
                yield {first: one, second: two, last: amount_fen - one - two}


def _saturating(rules: Sequence[earning.LiveRule]) -> list[int]:
    """The money at which a capped bonus for goods gives all it can."""
    return sorted(
        {
            -(-cap.points * 100 // rule.params.points)
            for rule in rules
            if rule.kind == "product_bonus" and rule.params.per == "yuan"
            for cap in rule.terms.caps
            if cap.points
        }
    )


def _line(sort: Sort, amount_fen: int, pieces: int) -> earning.Line:
    return earning.Line(sort[0], pieces, amount_fen, sort[1], sort[2])
