"""Orders as sold, and what came back."""

from shuke.ground.orders.actions import recording, refunding
from shuke.ground.orders.events import OrdersRecorded, RefundsParked, RefundsRecorded
from shuke.ground.orders.queries import COUNTS, PARKED, Bought, OrderShape, OrderState, Settled
from shuke.ground.orders.queries import Summary, bought, bought_since
from shuke.ground.orders.queries import (
    keys_with_parked,
    latest,
    of_refunds,
    orders_of,
    orders_of_keys,
    parked_refunds,
    standing,
    stores_of,
    stores_where,
    summaries,
)

__all__ = [
    "COUNTS", "PARKED", "Bought", "OrderShape", "OrderState", "OrdersRecorded", "RefundsParked", "RefundsRecorded",
    "Settled", "Summary", "bought", "bought_since", "keys_with_parked", "latest", "of_refunds", "orders_of",
    "orders_of_keys", "parked_refunds", "recording", "refunding", "standing", "stores_of", "stores_where", "summaries",
]  # fmt: skip
