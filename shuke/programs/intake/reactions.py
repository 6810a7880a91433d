"""What intake does when an order and its refund came at the same moment and neither saw the other."""

from shuke.ground.orders import OrdersRecorded, RefundsParked, keys_with_parked
from shuke.kit.db import Tx
from shuke.programs.intake.actions.refunds import match


async def match_orders(tx: Tx, heard: list[OrdersRecorded]) -> None:
    """Apply refunds that were parked while these orders were being recorded; repeatable."""
    keys = await keys_with_parked(tx, [order_id for event in heard for order_id in event.order_ids])
    await match(tx, keys)


async def match_refunds(tx: Tx, heard: list[RefundsParked]) -> None:
    """Apply parked refunds whose orders were being recorded meanwhile; repeatable."""
    await match(tx, [(source, key) for event in heard for source, key in event.keys])
