"""Orders as sold, and what came back."""

from shuke.ground.orders.actions import recording, refunding
from shuke.ground.orders.events import OrdersRecorded, RefundsParked, RefundsRecorded
from shuke.ground.orders.queries import Before, PastOrder, bought_before, numbers_in_order, past_orders
from shuke.ground.orders.queries import (
    COUNTS,
    PARKED,
    Bought,
    Counted,
    OrderShape,
    OrderState,
    Settled,
    Summary,
    bought,
    bought_since,
)
from shuke.ground.orders.queries import (
    countable,
    key_of,
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
    whose,
)

__all__ = [
    "COUNTS", "PARKED", "Before", "Bought", "Counted", "OrderShape", "OrderState", "OrdersRecorded", "PastOrder",
    "RefundsParked", "RefundsRecorded", "Settled", "Summary", "bought", "bought_before", "bought_since",
    "countable", "key_of", "keys_with_parked", "latest", "numbers_in_order", "of_refunds", "orders_of", "orders_of_keys",
    "parked_refunds", "past_orders", "recording", "refunding", "standing", "stores_of", "stores_where", "summaries",
    "whose",
]  # fmt: skip
