"""Movements of the past from a file, booked by the ledger's own verb as of their instants, for ever repeatable."""

from shuke.assets.replays.actions import BookedDifferently, replay

__all__ = ["BookedDifferently", "replay"]
