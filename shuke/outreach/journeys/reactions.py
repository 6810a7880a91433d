"""What journeys do when a room below announces something."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.ground import members, orders
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.outreach.journeys import actions
from shuke.outreach.journeys.actions import merging
from shuke.outreach.journeys.events import JourneyEntered


async def begin(tx: Tx, heard: Sequence[segments.SegmentRefreshed]) -> None:
    """Members whom a refresh let into a segment enter its live journeys; a refresh of history starts none."""
    let_in = [(one.slug, one.refresh_id) for one in heard if not one.backfill and one.entered]
    if let_in:
        await actions.start_runs(tx, let_in, clock.now())


async def count_orders(tx: Tx, heard: Sequence[orders.OrdersRecorded]) -> None:
    """Members on a journey who ordered within seven days have come back."""
    if not await actions.any_travellers(tx):
        return
    ids = [order_id for recorded in heard for order_id in recorded.order_ids]
    await actions.count_returns(tx, await orders.bought(tx, ids))


async def count_early_orders(tx: Tx, heard: Sequence[JourneyEntered]) -> None:
    """Orders of members who entered while their order was being recorded: it was announced before they had entered."""
    for entered in heard:
        await actions.count_returns(tx, await orders.bought_since(tx, entered.member_ids, entered.at))


async def follow_merges(tx: Tx, heard: Sequence[members.MembersMerged]) -> None:
    """Passages of a merged member go on as the heir's, nothing given twice; repeatable."""
    for one in heard:  # a person merges members one at a time; several in one batch are rare
        await merging.unite(tx, one.merge_id, one.member_id, one.into_id, clock.now())


async def follow_unmerges(tx: Tx, heard: Sequence[members.MembersUnmerged]) -> None:
    """Passages that came with a merge go back when it is undone; repeatable."""
    kept = await members.moved_by(tx, merging.ROOM, [one.merge_id for one in heard])
    for one in heard:
        if one.merge_id in kept:
            await merging.part(tx, one.member_id, one.into_id, kept[one.merge_id], clock.now())
