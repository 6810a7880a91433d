"""Questions about prizes: what a member has won, how many of a draw are gone."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shuke.kit.db import Tx


class Won(msgspec.Struct, frozen=True, kw_only=True):
    """One prize of a member. States: booked, waiting (to be fetched), collected, lost."""

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
