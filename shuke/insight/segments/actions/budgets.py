"""What is too heavy for the engine's memory or time is taken apart: the segment that is shows it, the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.ground import mirror
from shuke.insight import grammar
from shuke.insight.segments.actions.state import TOO_HEAVY
from shuke.kit import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyroaring import BitMap

    from shuke.ground.mirror import Mirror
    from shuke.insight.segments.actions.state import State


class TooHeavy(errors.Refused):
    """This segment asks for more than the engine may spend on it; its members stay as they were last."""

    code = TOO_HEAVY
    zh = "这个分群要看的数据太多，超出了内存或时间限制；成员停在上次的结果。"
    cure = "Narrow its windows, or split it in two."
    cure_zh = "请缩小时间窗，或拆成两个分群。"


async def answered(
    opened: Mirror, state: State, wanted: Sequence[str], edges: Mapping[str, float | None] | None = None
) -> tuple[dict[str, BitMap], Mapping[str, float | None]]:
    """The members of these segments and the edges of their rankings (as given, else found anew), from one question for all.

    Where that is too much they are asked one by one, as are those that were too much before; who is too heavy alone, and who
    speaks of such a one, joins `state.failed`, visibly, and keeps its members. The others are as fresh as ever.
    """
    alone = sorted(state.heavy.intersection(wanted))
    light = [slug for slug in wanted if slug not in alone]
    try:
        found, told = await _asked(opened, state, light, edges)
    except mirror.TooMuch:
        found, told, alone = {}, {}, list(wanted)
    if not alone:
        return found, told
    told = {**state.edges, **told}
    for slug in sorted(alone, key=lambda one: len(state.spoken_of([one]))):
        try:
            if not state.failed.keys().isdisjoint(state.spoken_of([slug])):
                raise mirror.TooMuch
            one, its = await _asked(opened, state, [slug], edges)
        except mirror.TooMuch:
            state.failed[slug] = TooHeavy().body()
            continue
        found, told = found | one, {**told, **its}
    return found, told


async def _asked(
    opened: Mirror, state: State, slugs: Sequence[str], edges: Mapping[str, float | None] | None
) -> tuple[dict[str, BitMap], Mapping[str, float | None]]:
    known = grammar.Known(state.spoken_of(slugs), state.lists, edges or {})
    answer = await grammar.answer(opened, [state.trees[slug] for slug in slugs], state.moment, known)
    return {slug: answer.members(state.trees[slug]) for slug in slugs}, answer.edges
