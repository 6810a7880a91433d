"""What journeys do when a room below announces something."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.ground import orders
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.outreach.journeys import actions
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
