"""Questions about prizes: what a member has won, how many of a draw are gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shuke.kit.db import Tx


class Won(msgspec.Struct, frozen=True, kw_only=True):
    """One prize of a member. States: booked, waiting (to be fetched), collected, lost (could not be given), taken (back)."""

    key: str
    draw: str
    prize: str
    state: str
    at: datetime
    collected_at: datetime | None
    collected_by: str


async def of_member(tx: Tx, member_id: int) -> list[Won]:
    """What a member has won, the latest first, at most fifty."""
    rows = await tx.rows(
        "select key, draw, prize, state, at, collected_at, collected_by from prize_won where merchant_id = %(merchant_id)s "
        "and member_id = %(member_id)s order by at desc, key limit 50",
        member_id=member_id,
    )
    return [Won(**row._asdict()) for row in rows]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What a draw decided under its key, and whose it is now."""

    member_id: int
    prize: str
    state: str


async def won_under(tx: Tx, key: str) -> Decided | None:
    """What the draw of that key decided, or None before it."""
    row = await tx.one(
        "select member_id, prize, state from prize_won where merchant_id = %(merchant_id)s and key = %(key)s", key=key
    )
    return None if row is None else Decided(**row._asdict())


async def gone(tx: Tx, draws: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many of each limited prize of these draws have been won, by draw and prize."""
    rows = await tx.rows(
        "select draw, prize, won from prize_stock where merchant_id = %(merchant_id)s and draw = any(%(draws)s::text[])",
        draws=list(draws),
    )
    return {(row.draw, row.prize): row.won for row in rows}


async def drawn(tx: Tx, draws: Sequence[str]) -> dict[str, int]:
    """How often each of these draws was drawn."""
    rows = await tx.rows(
        "select draw, count(*)::bigint as n from prize_won where merchant_id = %(merchant_id)s "
        "and draw = any(%(draws)s::text[]) group by 1",
        draws=list(draws),
    )
    return {row.draw: row.n for row in rows}
