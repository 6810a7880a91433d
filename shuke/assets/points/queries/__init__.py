"""Questions to the ledger, by topic."""

from shuke.assets.points.queries.balances import Balance, Expiring, balance, balances, expiries, in_order
from shuke.assets.points.queries.history import (
    EntryShape, LotShape, RuleRef, entries_of, entry, has_entries, ledger, lots_of,
)  # fmt: skip
from shuke.assets.points.queries.moving import Sums, moved
from shuke.assets.points.queries.past import NotYet, Totals, balances_at, totals_at
from shuke.assets.points.queries.reasons import ENTRY_TYPES, Explains, explain, explained_by

__all__ = [
    "ENTRY_TYPES", "Balance", "EntryShape", "Expiring", "Explains", "LotShape", "NotYet", "RuleRef", "Sums", "Totals",
    "balance", "balances", "balances_at", "entries_of", "entry", "expiries", "explain", "explained_by", "has_entries",
    "in_order", "ledger", "lots_of", "moved", "totals_at",
]  # fmt: skip
