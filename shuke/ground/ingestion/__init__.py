"""What comes in: shapes, receipts for dedupe, files and their mappings."""

from shuke.ground.ingestion import models, receipts
from shuke.ground.ingestion.events import Behaviour, EventsRecorded
from shuke.ground.ingestion.receipts import DifferentBody
from shuke.ground.ingestion.shapes import MAX_ITEMS, EventIn, Item, LineIn, OrderIn, PaymentIn, RefundIn, RefundLineIn, builtins

__all__ = [
    "MAX_ITEMS",
    "Behaviour",
    "DifferentBody",
    "EventIn",
    "EventsRecorded",
    "Item",
    "LineIn",
    "OrderIn",
    "PaymentIn",
    "RefundIn",
    "RefundLineIn",
    "builtins",
    "models",
    "receipts",
]
