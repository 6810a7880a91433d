"""Verbs of the ledger, by topic."""

from shuke.assets.points.actions.holding import HoldEnded, HoldRequest, HoldVerdict, NoSuchHold, capture, hold, release
from shuke.assets.points.actions.merging import Unmerged, merge_members, unmerge_members
from shuke.assets.points.actions.posting import (
    BOOKED, LOCK, LOTS, WAITING, Posting, Verdict, book_of, booked, booked_as, booking, open_asking, open_book, post, store,
    storing,
)  # fmt: skip
from shuke.assets.points.actions.sweeping import SWEEP, Swept, sweep, sweep_merchant

__all__ = [
    "BOOKED", "LOCK", "LOTS", "SWEEP", "WAITING", "HoldEnded", "HoldRequest", "HoldVerdict", "NoSuchHold", "Posting", "Swept",
    "Unmerged", "Verdict", "book_of", "booked", "booked_as", "booking", "capture", "hold", "merge_members", "open_asking",
    "open_book", "post", "release", "store", "storing", "sweep", "sweep_merchant", "unmerge_members",
]  # fmt: skip
