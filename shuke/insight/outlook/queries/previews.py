"""Rules previewed while they are written: a sampled figure at once where members are many, and the exact one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from pyroaring import BitMap

from shuke.ground import mirror
from shuke.insight import grammar, segments
from shuke.insight.outlook.policy import sampling
from shuke.kit import clock
from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from shuke.ground.mirror import Mirror
    from shuke.insight.grammar import Answer, Node
    from shuke.kit.db import Tx


class Part(msgspec.Struct, frozen=True):
    """One node of a rule with the members it stands for."""

    path: str
    sentence: Sentence
    count: int


class Sieve(msgspec.Struct, frozen=True):
    """One condition of several that must all hold: who is left after it and those before, and whom it alone keeps out."""

    path: str
    sentence: Sentence
    left: int
    excludes: int


class Preview(msgspec.Struct, frozen=True):
    """How many members a rule stands for, of how many, and what each part adds.

    With a margin the count is of a sample: 95 times of 100 the exact figure is within it; parts and funnel then stay empty.
    """

    count: int
    total: int
    as_of: datetime
    ms: int
    sentence: Sentence
    sample: list[segments.Sampled]
    parts: list[Part]
    funnel: list[Sieve]
    mirror_as_of: datetime | None
    margin: int | None = None


async def preview(tx: Tx, opened: Mirror, rule: Any, as_of: datetime, *, sampled: bool = False) -> Preview:
    """Count, sample and the count of every part, all from one question to the mirror; refuses `BadRule`.

    `sampled`: where there are more than 100,000 members, ten thousand of them are asked instead, always the same at one merchant.
    A ranking then follows its stored edge; where one has none, the exact figure is given as for few members.
    """
    started = clock.monotonic()
    node = segments.parsed(rule)
    moment = await grammar.moment_of(tx, as_of)
    known = await segments.known_of(tx, [node])
    asked: list[BitMap] = []
    total = 0
    if sampled:
        edges = await segments.stored_edges(tx)
        everyone = await grammar.everyone(opened, moment)
        total = len(everyone)
        if total > sampling.FEW and _ranked([node, *known.segments.values()]) <= edges.keys():
            asked = sampling.blocks(everyone, moment.merchant_id)
            known = grammar.Known(known.segments, known.lists, edges)
    answer = await grammar.answer(opened, [node], moment, known, list(BitMap.union(*asked)) if asked else None)
    found, names = answer.members(node), await grammar.names_in(tx, rule)
    told = sampling.estimate(asked, found, total) if asked else None
    parts = [] if told else [Part(one.path, _said(one, names), len(answer.members(one))) for one in grammar.nodes(node)]
    fresh = await mirror.freshness(tx, moment.merchant_id)
    milliseconds = round((clock.monotonic() - started) * 1000)
    sample = await segments.sampled(tx, opened, moment, list(found[: segments.SAMPLE]))
    return Preview(
        count=told.count if told else len(found), total=total if told else len(answer.everyone), as_of=as_of, ms=milliseconds,
        sentence=_said(node, names), sample=sample, parts=parts, funnel=[] if told else _funnel(node, answer, names),
        mirror_as_of=fresh.applied_at, margin=told.margin if told else None,
    )  # fmt: skip


def _ranked(trees: list[Node]) -> set[str]:
    """The rankings of trees, each by what its edge is kept under."""
    return {leaf.key for tree in trees for leaf in grammar.all_leaves(tree) if leaf.kind == "rank"}


def _said(node: Node, names: grammar.Names) -> Sentence:
    return grammar.said(node, names, mirror.declared())


def _funnel(node: Node, answer: Answer, names: grammar.Names) -> list[Sieve]:
    """How many each condition of the outermost "all" keeps out; nothing for other rules."""
    if isinstance(node, grammar.Leaf) or node.word != "all" or len(node.parts) < 2:
        return []
    sets = [answer.members(part) for part in node.parts]
    everybody, left, found = answer.members(node), answer.everyone, []
    for n, part in enumerate(node.parts):
        left = left & sets[n]
        others = answer.everyone.intersection(*(one for m, one in enumerate(sets) if m != n))
        found.append(Sieve(part.path, _said(part, names), len(left), len(others) - len(everybody)))
    return found
