"""What intake does about announcements: refunds that met no order, and members who joined."""

from shuke.ground.members import MemberChanged
from shuke.ground.orders import OrdersRecorded, RefundsParked, keys_with_parked
from shuke.kit.db import Tx
from shuke.programs.intake.actions.joining import welcome
from shuke.programs.intake.actions.refunds import match


async def match_orders(tx: Tx, heard: list[OrdersRecorded]) -> None:
    """Apply refunds that were parked while these orders were being recorded; repeatable."""
    keys = await keys_with_parked(tx, [order_id for event in heard for order_id in event.order_ids])
    await match(tx, keys)


async def match_refunds(tx: Tx, heard: list[RefundsParked]) -> None:
    """Apply parked refunds whose orders were being recorded meanwhile; repeatable."""
    await match(tx, [(source, key) for event in heard for source, key in event.keys])


async def welcome_members(tx: Tx, heard: list[MemberChanged]) -> None:
    """Give those who joined what sign-up rules promise; repeatable."""
    await welcome(tx, [event.member_id for event in heard if event.new])
