"""What referrals do when a room below announces something."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.ground import members, orders
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs.referrals.actions import merging, settling
from shuke.programs.referrals.queries import relations


async def count_orders(tx: Tx, heard: Sequence[orders.OrdersRecorded]) -> None:
    """The first order of a friend starts the return window; repeatable."""
    if not await relations.any_open(tx):
        return
    bought = await orders.bought(tx, [order_id for event in heard for order_id in event.order_ids])
    buyers = {one.member_id for one in bought if one.member_id is not None}
    await settling.consider_friends(tx, buyers, clock.now())


async def count_refunds(tx: Tx, heard: Sequence[orders.RefundsRecorded]) -> None:
    """A refund within the window makes a friend wait for another order, or takes the rewards back; repeatable."""
    refunded = await orders.of_refunds(tx, [refund_id for event in heard for refund_id in event.refund_ids])
    await settling.refund(tx, refunded, clock.now())


async def follow_merges(tx: Tx, heard: Sequence[members.MembersMerged]) -> None:
    """What a merged member brought belongs to the heir; repeatable. Merges are followed in their order."""
    for merge in heard:  # a person merges members one at a time; several in one batch are rare
        await merging.merge_relations(tx, merge.member_id, merge.into_id, clock.now(), merge.merge_id)


async def follow_unmerges(tx: Tx, heard: Sequence[members.MembersUnmerged]) -> None:
    """After a merge was undone, what was noted for each member is theirs again; repeatable."""
    for undone in heard:
        await merging.split_relations(tx, undone.member_id, undone.into_id, clock.now(), undone.merge_id)
