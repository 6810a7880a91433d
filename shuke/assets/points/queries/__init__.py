"""Questions to the ledger, by topic."""

from shuke.assets.points.queries.balances import Balance, Expiring, balance, balances, expiries
from shuke.assets.points.queries.figures import DayFigures, Figures, figures
from shuke.assets.points.queries.history import EntryShape, LotShape, RuleRef, entries_of, entry, ledger, lots_of

__all__ = [
    "Balance",
    "DayFigures",
    "EntryShape",
    "Expiring",
    "Figures",
    "LotShape",
    "RuleRef",
    "balance",
    "balances",
    "entries_of",
    "entry",
    "expiries",
    "figures",
    "ledger",
    "lots_of",
]
