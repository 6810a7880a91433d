"""The ledger: what a member holds, where it came from, when it runs out, and why."""

from shuke.assets.points.actions import LOCK, LOTS, Posting, Verdict, book_of, booked, open_book, post, store, storing
from shuke.assets.points.events import PointsPosted
from shuke.assets.points.policy import POINTS, AccountState, Book, Cause, LotState, NotEnoughPoints, entry_line

__all__ = [
    "LOCK",
    "LOTS",
    "POINTS",
    "AccountState",
    "Book",
    "Cause",
    "LotState",
    "NotEnoughPoints",
    "PointsPosted",
    "Posting",
    "Verdict",
    "book_of",
    "booked",
    "entry_line",
    "open_book",
    "post",
    "store",
    "storing",
]
