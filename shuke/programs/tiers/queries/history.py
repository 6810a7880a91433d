"""What counts for members, and where it leads them on ladders that are played from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shuke.assets import points
from shuke.ground import members, orders
from shuke.kit.db import Tx
from shuke.programs.tiers import policy
from shuke.programs.tiers.policy import ByHand, Ladder, Moment, Played
from shuke.programs.tiers.queries import standings


async def history_of(tx: Tx, who: Sequence[int], merchant: Any) -> dict[int, list[Moment]]:
    """Everything that counts for these members, under any number they ever had; three statements."""
    heirs = await members.absorbed(tx, who)
    numbers = [*who, *heirs]
    found: dict[int, list[Moment]] = {member_id: [] for member_id in who}
    for row in await orders.countable(tx, numbers):
        whose = heirs.get(row.member_id, row.member_id)
        found[whose].append(Moment(row.at, row.business_date, fen=row.amount_fen, orders=row.orders))
    for earned in await points.countable(tx, numbers):
        whose = heirs.get(earned.member_id, earned.member_id)
        found[whose].append(Moment(earned.at, standings.day_of(earned.counted_at, merchant), points=earned.points))
    return found


async def played_of(
    tx: Tx, versions: Mapping[int, Sequence[Ladder]], who: Sequence[int], at: datetime, merchant: Any
) -> dict[tuple[int, int], Played]:
    """Where history leads these members on each of these ladders; writes nothing."""
    history = await history_of(tx, who, merchant)
    acts = await standings.by_hand(tx, who)
    found = {}
    for number, held in versions.items():
        for member_id in who:
            told = [ByHand(row.at, row.level, row.until) for row in acts.get((number, member_id), ())]
            if history[member_id] or told:
                moments: list[Moment | ByHand] = [*history[member_id], *told]
                found[number, member_id] = policy.replay(member_id, held, moments, at, merchant.zone)
    return found
