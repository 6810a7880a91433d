"""Questions to the ledger, by topic."""

from shuke.assets.points.queries.balances import Balance, Expiring, balance, balances, expiries, in_order, running_out
from shuke.assets.points.queries.history import (
    Earned, EntryShape, LotShape, RuleRef, countable, entries_of, entry, has_entries, ledger, lots_of, rules_booked,
)  # fmt: skip
from shuke.assets.points.queries.holding import HoldShape, find_hold, held, holds
from shuke.assets.points.queries.moving import MergeFigures, Sums, moved, moved_by_merges
from shuke.assets.points.queries.past import NotYet, Totals, balances_at, totals_at
from shuke.assets.points.queries.reasons import ENTRY_TYPES, Explains, explain, explained_by, rest_of
from shuke.assets.points.queries.tracing import LotMove, lots_left, lots_moved, stretches

__all__ = [
    "ENTRY_TYPES", "Balance", "Earned", "EntryShape", "Expiring", "Explains", "HoldShape", "LotMove", "LotShape",
    "MergeFigures", "NotYet", "RuleRef", "Sums", "Totals", "balance", "balances", "balances_at", "countable",
    "entries_of", "entry", "expiries", "explain", "explained_by", "find_hold", "has_entries", "held", "holds",
    "in_order", "ledger", "lots_left", "lots_moved", "lots_of", "moved", "moved_by_merges", "rest_of", "rules_booked",
    "running_out", "stretches", "totals_at",
]  # fmt: skip
