"""What ladders do about announcements from below: what counts makes members wait to be counted again, merges join them."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.assets.points import PointsPosted
from shuke.ground import members, orders
from shuke.ground.members import MembersMerged, MembersUnmerged
from shuke.ground.orders import OrdersRecorded, RefundsRecorded
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs.tiers.actions.counting import part
from shuke.programs.tiers.actions.shaping import again
from shuke.programs.tiers.actions.standing import merge_standings
from shuke.programs.tiers.queries import ladders


async def on_members_merged(tx: Tx, merged: Sequence[MembersMerged]) -> None:
    """Who was merged leaves payments and the higher level to the heir; repeatable, what has moved is gone."""
    await merge_standings(tx, [(event.member_id, event.into_id) for event in merged], clock.now())


async def on_members_unmerged(tx: Tx, parted: Sequence[MembersUnmerged]) -> None:
    """Each stands where their own history leads; repeatable."""
    await part(tx, [(event.member_id, event.into_id) for event in parted], clock.now())


async def on_orders(tx: Tx, heard: Sequence[OrdersRecorded]) -> None:
    """Who bought is counted again; repeatable."""
    if await ladders.any_rung(tx):
        await _again(tx, await orders.whose(tx, [number for event in heard for number in event.order_ids]))


async def on_refunds(tx: Tx, heard: Sequence[RefundsRecorded]) -> None:
    """Who returned something is counted again; repeatable."""
    if await ladders.any_rung(tx):
        await _again(tx, await orders.whose(tx, (), [number for event in heard for number in event.refund_ids]))


async def on_points(tx: Tx, heard: Sequence[PointsPosted]) -> None:
    """Who earned points is counted again, where a ladder counts points; repeatable."""
    if any(one.terms.by == "points" for one in await ladders.ladders(tx)):
        await _again(tx, [number for event in heard for number in event.member_ids])


async def _again(tx: Tx, member_ids: Sequence[int]) -> None:
    found = await members.members_of(tx, set(member_ids))
    await again(tx, [one.merged_into or number for number, one in found.items()], clock.now())
