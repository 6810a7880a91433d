"""Questions to the ledger, by topic."""

from shuke.assets.points.queries.balances import Balance, Expiring, balance, balances, expiries, in_order
from shuke.assets.points.queries.figures import DayFigures, Figures, StoreFigures, figures, finance
from shuke.assets.points.queries.history import (
    EntryShape, LotShape, RuleRef, entries_of, entry, has_entries, ledger, lots_of,
)  # fmt: skip
from shuke.assets.points.queries.past import NotYet, Totals, balances_at, totals_at
from shuke.assets.points.queries.reasons import ENTRY_TYPES, Explains, explain, explained_by

__all__ = [
    "ENTRY_TYPES", "Balance", "DayFigures", "EntryShape", "Expiring", "Explains", "Figures", "LotShape", "NotYet",
    "RuleRef", "StoreFigures", "Totals", "balance", "balances", "balances_at", "entries_of", "entry", "expiries", "explain",
    "explained_by", "figures", "finance", "has_entries", "in_order", "ledger", "lots_of", "totals_at",
]  # fmt: skip
