"""Questions across time: when a member will enter or leave, sizes to come, who was in then, who went from where to where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from pyroaring import BitMap

from shuke.ground import members, mirror
from shuke.insight import grammar, segments
from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from shuke.ground.mirror import Mirror, Moment
    from shuke.insight.grammar import Node
    from shuke.kit.db import Tx

HORIZON = 60
MOST_INSTANTS = 40
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Coming(msgspec.Struct, frozen=True):
    """The next change that time alone brings: when, and whether the member is in after it. None: not within `days`."""

    days: int
    at: datetime | None = None
    inside: bool | None = msgspec.field(default=None, name="in")


class Timed(msgspec.Struct, frozen=True):
    """A condition of an explanation: what the member measures, what is asked for, whether it holds, when time changes that.

    `money`: value and threshold are amounts in fen.
    """

    path: str
    sentence: Sentence
    value: Any
    threshold: Any
    ok: bool
    next: Coming
    money: bool = False


class Explained(msgspec.Struct, frozen=True):
    """Whether a member belongs, why, and when that changes by time alone; `inside` is written `in`."""

    inside: bool = msgspec.field(name="in")
    next: Coming
    leaves: list[Timed]


class Forecast(msgspec.Struct, frozen=True):
    """The size at the start of a coming business date, if nothing happens but time."""

    at: datetime
    count: int


class Then(msgspec.Struct, frozen=True):
    """Who was in at an instant, by the rule of today and what is known today, against who is in now."""

    as_of: datetime
    count: int
    total: int
    now: int
    both: int
    sample: list[segments.Sampled]


class Flow(msgspec.Struct, frozen=True):
    """How many members were in `source` at the first instant and in `target` at the second; None: in none of them."""

    source: str | None
    target: str | None
    count: int


async def coming(tx: Tx, opened: Mirror, trees: Sequence[Node], member_id: int, at: datetime) -> list[Coming]:
    """When time alone changes each of these trees for one member, within sixty days; three questions to the mirror."""
    moment = await grammar.moment_of(tx, at)
    known = await segments.known_of(tx, trees)
    slides = grammar.slides([*trees, *known.segments.values()], opened.registry)
    days = [moment.starts(moment.day + timedelta(days=n)) for n in range(1, HORIZON + 1)]
    instants = sorted({*days, *await _crossings(opened, slides, moment, member_id, days[-1])})
    answers = await grammar.answers_at(
        opened, trees, [moment, *(_later(moment, one) for one in instants)], known, [member_id]
    )
    found = []
    for tree in trees:
        held = [member_id in answer.members(tree) for answer in answers]
        change = next((n for n, inside in enumerate(held) if inside != held[0]), None)
        found.append(Coming(HORIZON) if change is None else Coming(HORIZON, instants[change - 1], held[change]))
    return found


async def explain(tx: Tx, opened: Mirror, rule: Any, member_id: int, at: datetime) -> Explained:
    """Whether a member belongs, with value, threshold and next change of every condition; refuses `NoSuchMember`."""
    await members.require(tx, member_id)
    node, names = segments.parsed(rule), await grammar.names_in(tx, rule)
    leaves = list(grammar.leaves(node))
    answer = await segments.ask(tx, opened, [node], at, [member_id])
    whole, *each = await coming(tx, opened, [node, *leaves], member_id, at)
    told = []
    for leaf, following in zip(leaves, each, strict=True):
        ok = member_id in answer.members(leaf)
        value, threshold = await _measured(opened, leaf, answer.moment, member_id) or (ok, True)
        sentence = grammar.said(leaf, names, mirror.declared())
        told.append(Timed(leaf.path, sentence, value, threshold, ok, following, _in_fen(leaf)))
    return Explained(member_id in answer.members(node), whole, told)


def _in_fen(leaf: grammar.Leaf) -> bool:
    """Whether a condition measures an amount: what such a property or fact is called ends in fen."""
    raw = msgspec.json.decode(leaf.written)
    measure = raw.get("rank", raw).get("measure")
    if not isinstance(measure, dict):
        return str(raw.get("attr", "")).endswith("_fen")
    return any(word not in ("distinct", "share") and str(of).endswith("_fen") for word, of in measure.items())


async def _measured(opened: Mirror, leaf: grammar.Leaf, moment: Moment, member_id: int) -> tuple[Any, Any] | None:
    """What one member measures in a condition, and what is asked for; None where it only holds or not."""
    kind = grammar.kind_of(leaf)
    if not hasattr(kind, "threshold"):
        return None
    value = None
    if leaf.kind not in grammar.MEMBERSHIP:
        value = (await grammar.measured(opened, leaf, moment, [member_id])).get(member_id)
    if value is None and hasattr(kind, "nothing"):
        value = kind.nothing(leaf)
    return value, kind.threshold(leaf)


def _later(moment: Moment, at: datetime) -> Moment:
    return replace(moment, as_of=at)


async def _crossings(
    opened: Mirror, slides: Sequence[grammar.Slide], moment: Moment, member_id: int, until: datetime
) -> list[datetime]:
    """The instants at which rows of the member cross an edge."""
    if not slides:
        return []
    rows = await mirror.rows(
        opened, grammar.crossings_sql(slides, moment, grammar.restriction([member_id]), (until, MOST_INSTANTS))
    )
    return [EPOCH + timedelta(microseconds=due) for (due,) in rows]


async def forecast(tx: Tx, opened: Mirror, slug: str, at: datetime, days: int = 30) -> list[Forecast]:
    """The size now and at the start of each coming business date, by time alone; refuses `NoSuchSegment`."""
    tree = segments.parsed((await segments.get_segment(tx, slug)).rule)
    moment = await grammar.moment_of(tx, at)
    known = await segments.known_of(tx, [tree])
    later = [_later(moment, moment.starts(moment.day + timedelta(days=n))) for n in range(1, days + 1)]
    answers = await grammar.answers_at(opened, [tree], [moment, *later], known)
    return [Forecast(answer.moment.as_of, len(answer.members(tree))) for answer in answers]


async def then(tx: Tx, opened: Mirror, slug: str, at: datetime, now: datetime) -> Then:
    """Who was in at an instant; refuses `NoSuchSegment`."""
    tree = segments.parsed((await segments.get_segment(tx, slug)).rule)
    past, present = await segments.ask(tx, opened, [tree], at), await segments.ask(tx, opened, [tree], now)
    before, after = past.members(tree), present.members(tree)
    sample = await segments.sampled(tx, opened, present.moment, list(before[: segments.SAMPLE]))
    return Then(at, len(before), len(past.everyone), len(after), len(before & after), sample)


async def inside_then(tx: Tx, opened: Mirror, slug: str, at: datetime) -> BitMap:
    """All who were in at an instant, by the rule of today; refuses `NoSuchSegment`."""
    tree = segments.parsed((await segments.get_segment(tx, slug)).rule)
    return (await segments.ask(tx, opened, [tree], at)).members(tree)


async def flow(tx: Tx, opened: Mirror, slugs: Sequence[str], start: datetime, end: datetime) -> list[Flow]:
    """Members by the segment they were in at the first and at the second instant, the first named where they are in several.

    Who had not joined at the first instant was in none. Refuses `NoSuchSegment`.
    """
    trees = {slug: segments.parsed((await segments.get_segment(tx, slug)).rule) for slug in slugs}
    first = await segments.ask(tx, opened, list(trees.values()), start)
    second = await segments.ask(tx, opened, list(trees.values()), end)
    everyone = first.everyone | second.everyone
    before, after = _shares(first, trees, everyone), _shares(second, trees, everyone)
    flows = [Flow(one, two, len(before[one] & after[two])) for one in before for two in after]
    return [found for found in flows if found.count and not found.source == found.target is None]


def _shares(answer: grammar.Answer, trees: Mapping[str, Node], everyone: BitMap) -> dict[str | None, BitMap]:
    left = everyone.copy()
    found: dict[str | None, BitMap] = {}
    for slug, tree in trees.items():
        found[slug] = answer.members(tree) & left
        left -= found[slug]
    found[None] = left
    return found
