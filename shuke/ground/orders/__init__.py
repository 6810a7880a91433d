"""Orders as sold, and what came back."""

from shuke.ground.orders.actions import recording, refunding
from shuke.ground.orders.events import OrdersRecorded, RefundsRecorded
from shuke.ground.orders.queries import OrderState, orders_of_keys, parked_refunds

__all__ = ["OrderState", "OrdersRecorded", "RefundsRecorded", "orders_of_keys", "parked_refunds", "recording", "refunding"]
