"""What the orders room announces, by reference."""

from shuke.kit.events import Event


class OrdersRecorded(Event, frozen=True, kw_only=True, tag="orders_recorded"):
    """Orders were recorded; `history` when they were imported."""

    order_ids: list[int]
    history: bool = False


class RefundsRecorded(Event, frozen=True, kw_only=True, tag="refunds_recorded"):
    """Refunds were applied to their orders; `history` when they were imported."""

    refund_ids: list[int]
    history: bool = False


class RefundsParked(Event, frozen=True, kw_only=True, tag="refunds_parked"):
    """Refunds came before their orders, named by (source, outside order id), and wait for them."""

    keys: list[tuple[str, str]]
