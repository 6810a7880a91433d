"""What comes in: shapes, receipts for dedupe, files and their mappings."""

from shuke.ground.ingestion import files, formats, models
from shuke.ground.ingestion.actions import imports
from shuke.ground.ingestion.events import Behaviour, EventsRecorded
from shuke.ground.ingestion.queries import (
    ImportRun, NoSuchImport, Places, behaviour_in_order, find_unfinished, get_import, list_imports, past_behaviour, refusals,
    running_imports,
)  # fmt: skip
from shuke.ground.ingestion.policy import receipts
from shuke.ground.ingestion.policy.receipts import DifferentBody
from shuke.ground.ingestion.policy.shapes import (
    MAX_ITEMS, EventIn, Item, LineIn, OrderIn, PaymentIn, RefundIn, RefundLineIn, builtins,
)  # fmt: skip

__all__ = [
    "MAX_ITEMS", "Behaviour", "DifferentBody", "EventIn", "EventsRecorded", "ImportRun", "Item", "LineIn", "NoSuchImport",
    "OrderIn", "PaymentIn", "Places", "RefundIn", "RefundLineIn", "behaviour_in_order", "builtins", "files",
    "find_unfinished", "formats", "get_import", "imports", "list_imports", "models", "past_behaviour", "receipts",
    "refusals", "running_imports",
]  # fmt: skip
