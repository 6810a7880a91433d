"""The ledger: what a member holds, where it came from, when it runs out, and why."""

from shuke.assets.points.actions import (
    LOCK, LOTS, AdjustedDifferently, Adjustment, HoldEnded, HoldRequest, HoldVerdict, NoSuchHold, NothingToAdjust, Posting,
    ReasonMissing, Swept, Verdict, adjust, book_of, booked, capture, hold,
    merge_members, open_book, post, release, store, storing, sweep, sweep_merchant,
)  # fmt: skip
from shuke.assets.points.events import PointsPosted
from shuke.assets.points.policy import (
    POINTS,
    AccountState,
    Book,
    Cause,
    LotState,
    NotEnoughPoints,
    entry_line,
    use_order,
)
from shuke.assets.points.queries import (
    Balance, DayFigures, EntryShape, Expiring, Explains, Figures, LotShape, RuleRef, balance, balances, entries_of, entry, expiries,
    explain, explained_by, figures, has_entries, in_order, ledger, lots_of,
)  # fmt: skip

__all__ = [
    "LOCK", "LOTS", "POINTS", "AccountState", "AdjustedDifferently", "Adjustment", "Balance", "Book", "Cause", "DayFigures",
    "EntryShape", "Expiring", "Explains", "Figures", "HoldEnded", "HoldRequest", "HoldVerdict", "LotShape", "LotState",
    "NoSuchHold", "NotEnoughPoints", "NothingToAdjust", "PointsPosted", "Posting", "ReasonMissing", "RuleRef", "Swept", "Verdict",
    "adjust", "balance", "balances", "book_of", "booked", "capture", "entries_of", "entry", "entry_line",
    "expiries", "explain", "explained_by", "figures", "has_entries", "hold", "in_order", "ledger", "lots_of",
    "merge_members", "open_book", "post", "release", "store", "storing", "sweep", "sweep_merchant", "use_order",
]  # fmt: skip
