"""The ledger: what a member holds, where it came from, when it runs out, and why."""

from shuke.assets.points.actions import (
    BOOKED, LOCK, LOTS, SWEEP, WAITING, HoldEnded, HoldRequest, HoldVerdict, NoSuchHold, Posting, Swept, Unmerged, Verdict,
    book_of, booked, booked_as, booking, capture, hold, merge_members, open_asking, open_book, post, release, store, storing,
    sweep, sweep_merchant, unmerge_members,
)  # fmt: skip
from shuke.assets.points.events import PointsHeld, PointsPosted
from shuke.assets.points.policy import (
    POINTS, WALLETS, AccountState, Book, Cause, Clawback, LotState, NoSuchWallet, NotEnoughPoints, TakenBack, Wallet,
    clawback_of, entry_line, known_wallet, use_order,
)  # fmt: skip
from shuke.assets.points.queries import (
    ENTRY_TYPES, Balance, EntryShape, Expiring, Explains, HoldShape, LotShape, MergeFigures, NotYet, RuleRef, Sums, Totals,
    balance, balances, balances_at, countable, entries_of, entry, expiries, explain, explained_by, find_hold,
    has_entries, held, holds, in_order, ledger, lots_left, lots_moved, lots_of, moved, moved_by_merges, rest_of,
    rules_booked, running_out, stretches, totals_at,
)  # fmt: skip

__all__ = [
    "BOOKED", "ENTRY_TYPES", "LOCK", "LOTS", "POINTS", "SWEEP", "WAITING", "WALLETS", "AccountState", "Balance", "Book", "Cause",
    "Clawback", "EntryShape", "Expiring", "Explains", "HoldEnded", "HoldRequest", "HoldShape", "HoldVerdict", "LotShape",
    "LotState", "MergeFigures", "NoSuchHold", "NoSuchWallet", "NotEnoughPoints", "NotYet", "PointsHeld",
    "PointsPosted", "Posting", "RuleRef", "Sums", "Swept", "TakenBack", "Totals", "Unmerged", "Verdict", "Wallet",
    "balance", "balances", "balances_at", "book_of", "booked", "booked_as", "booking", "capture", "clawback_of", "countable",
    "entries_of", "entry", "entry_line", "expiries", "explain", "explained_by", "find_hold", "has_entries", "held",
    "hold", "holds", "in_order", "known_wallet", "ledger", "lots_left", "lots_moved", "lots_of", "merge_members", "moved",
    "moved_by_merges", "open_asking", "open_book", "post", "release", "rest_of", "rules_booked", "running_out", "store", "storing",
    "stretches", "sweep", "sweep_merchant", "totals_at", "unmerge_members", "use_order",
]  # fmt: skip
