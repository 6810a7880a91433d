"""Verbs of the ledger, by topic."""

from shuke.assets.points.actions.posting import LOCK, LOTS, Posting, Verdict, book_of, booked, open_book, post, store, storing

__all__ = ["LOCK", "LOTS", "Posting", "Verdict", "book_of", "booked", "open_book", "post", "store", "storing"]
