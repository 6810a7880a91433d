"""Orders as sold, and what came back."""

from shuke.ground.orders.actions import recording, refunding
from shuke.ground.orders.events import OrdersRecorded, RefundsParked, RefundsRecorded
from shuke.ground.orders.queries import COUNTS, PARKED, Bought, OrderShape, OrderState, Summary, bought, bought_since
from shuke.ground.orders.queries import (
    keys_with_parked,
    latest,
    orders_of,
    orders_of_keys,
    parked_refunds,
    stores_of,
    stores_where,
    summaries,
)

__all__ = [
    "COUNTS", "PARKED", "Bought", "OrderShape", "OrderState", "OrdersRecorded", "RefundsParked", "RefundsRecorded", "Summary",
    "bought", "bought_since", "keys_with_parked", "latest", "orders_of", "orders_of_keys", "parked_refunds", "recording",
    "refunding", "stores_of", "stores_where", "summaries",
]  # fmt: skip
