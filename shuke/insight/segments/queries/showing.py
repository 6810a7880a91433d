"""Rules asked, counts, and members shown in few."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground import members, mirror
from shuke.insight import grammar
from shuke.insight.segments.queries import nesting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.ground.mirror import Mirror, Moment
    from shuke.insight.grammar import Answer, Node
    from shuke.kit.db import Database, Tx

SAMPLE = 20


class Sampled(msgspec.Struct, frozen=True):
    """One member of a preview."""

    member_id: int
    name: str
    phone_masked: str | None
    points_available: int | None
    last_order_at: datetime | None


class Counted(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer of the command: how many, and where asked for their outside ids, sorted as text."""

    count: int
    ids: list[str] = []


def parsed(rule: Any) -> Node:
    """A rule against all that is declared; refuses `BadRule`."""
    return grammar.parse(rule, mirror.declared())


async def ask(
    tx: Tx, opened: Mirror, trees: Sequence[Node], as_of: datetime, among: Sequence[int] | None = None
) -> Answer:
    """The trees at an instant, with the segments they speak of worked out afresh."""
    known = await nesting.known_of(tx, trees)
    return await grammar.answer(opened, trees, await grammar.moment_of(tx, as_of), known, among)


async def count(
    database: Database, opened: Mirror, merchant_id: int, rule: Any, as_of: datetime, *, ids: bool = False
) -> Counted:
    """How many members a rule stands for at an instant; with `ids` also their outside ids. Up to the merchant's last word."""
    node = parsed(rule)
    await mirror.drain(opened, database, merchant_id)
    async with database.read(merchant_id) as tx:
        found = (await ask(tx, opened, [node], as_of)).members(node)
        if not ids:
            return Counted(len(found))
        outside = await members.outside_ids(tx, found)
    return Counted(len(found), sorted(listed[0] for listed in outside.values() if listed))


async def sampled(tx: Tx, opened: Mirror, moment: Moment, member_ids: Sequence[int]) -> list[Sampled]:
    """Name, masked phone, points and last order of a few members, in their order; two questions to the mirror."""
    if not member_ids:
        return []
    names = await members.names(tx, member_ids)
    points = await _values(opened, {"attr": "points.available", "op": ">=", "value": 0}, moment, member_ids)
    bought = {"did": "order", "measure": "last_at", "op": "exists"}
    last = await _values(opened, bought, moment, member_ids)
    return [
        Sampled(
            member_id, names[member_id].name if member_id in names else "",
            names[member_id].phone_masked if member_id in names else None, points.get(member_id, 0), last.get(member_id),
        )
        for member_id in member_ids
    ]  # fmt: skip


async def _values(opened: Mirror, rule: dict[str, Any], moment: Moment, member_ids: Sequence[int]) -> dict[int, Any]:
    """What a few members measure in one condition; those without any row are left out."""
    leaf = grammar.parse(rule, opened.registry)
    assert isinstance(leaf, grammar.Leaf)
    return await grammar.measured(opened, leaf, moment, member_ids)
