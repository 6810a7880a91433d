"""What is too heavy for the engine's memory or time is taken apart: the segment that is shows it, the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.ground import mirror
from shuke.insight import grammar
from shuke.kit import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyroaring import BitMap

    from shuke.ground.mirror import Mirror
    from shuke.insight.grammar import Node
    from shuke.insight.segments.actions.state import State

SIGNS = ("MEMORY_LIMIT_EXCEEDED", "TIMEOUT_EXCEEDED", "TOO_SLOW")


class TooHeavy(errors.Refused):
    """This segment asks for more than the engine may spend on it; its members stay as they were last."""

    code = "too_heavy"
    zh = "这个分群要看的数据太多，超出了内存或时间限制；成员停在上次的结果。"
    cure = "Narrow its windows, or split it in two."
    cure_zh = "请缩小时间窗，或拆成两个分群。"


def is_too_heavy(error: mirror.QueryFailed) -> bool:
    """Whether the engine gave up for want of memory or time, not because the question was wrong."""
    return any(sign in str(error) for sign in SIGNS)


async def answered(
    opened: Mirror, state: State, wanted: Sequence[str]
) -> tuple[dict[str, BitMap], Mapping[str, float | None]]:
    """The members of these segments and the edges of their rankings, from one question for all.

    Where that is too much they are asked one by one; who is too heavy alone joins `state.failed`, visibly, and keeps its
    members. The others are as fresh as ever.
    """
    known = grammar.Known(state.trees, state.lists)
    try:
        answer = await grammar.answer(opened, [state.trees[slug] for slug in wanted], state.moment, known)
    except mirror.QueryFailed as error:
        if not is_too_heavy(error):
            raise
        return await _one_by_one(opened, state, wanted)
    return {slug: answer.members(state.trees[slug]) for slug in wanted}, answer.edges


async def _one_by_one(
    opened: Mirror, state: State, wanted: Sequence[str]
) -> tuple[dict[str, BitMap], dict[str, float | None]]:
    found: dict[str, BitMap] = {}
    edges: dict[str, float | None] = dict(state.edges)
    for slug in wanted:
        tree = state.trees[slug]
        known = grammar.Known(_spoken_of(tree, state.trees), state.lists)
        try:
            answer = await grammar.answer(opened, [tree], state.moment, known)
        except mirror.QueryFailed as error:
            if not is_too_heavy(error):
                raise
            state.failed[slug] = TooHeavy().body()
            continue
        found[slug] = answer.members(tree)
        edges |= answer.edges
    return found, edges


def _spoken_of(tree: Node, trees: Mapping[str, Node]) -> dict[str, Node]:
    """The segments that a rule speaks of, directly or through others."""
    found: dict[str, Node] = {}
    waiting = list(grammar.segments_of(tree))
    while waiting:
        slug = waiting.pop()
        if slug not in found:
            found[slug] = trees[slug]
            waiting += grammar.segments_of(trees[slug])
    return found
