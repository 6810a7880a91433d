"""Orders as sold, and what came back."""

from shuke.ground.orders.actions import recording, refunding
from shuke.ground.orders.events import OrdersRecorded, RefundsRecorded
from shuke.ground.orders.queries import PARKED, Bought, OrderState, bought, bought_since, orders_of_keys, parked_refunds

__all__ = [
    "PARKED", "Bought", "OrderState", "OrdersRecorded", "RefundsRecorded", "bought", "bought_since", "orders_of_keys", "parked_refunds",
    "recording", "refunding",
]  # fmt: skip
