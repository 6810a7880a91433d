"""Decides what an order, an event or a refund becomes; pure but for the book it writes in."""

from shuke.programs.intake.policy.folding import (
    OWNED, AmountMismatch, AmountMissing, Asks, Context, FutureDate, MemberNeeded, OwnedEvent, State, UnknownStore,
    check, credit, event_basis, fold_event, fold_order, late, named_lines, standing_of,
)  # fmt: skip
from shuke.programs.intake.policy.reversing import RefundTooLarge, Reversal, reverse

__all__ = [
    "OWNED", "AmountMismatch", "AmountMissing", "Asks", "Context", "FutureDate", "MemberNeeded", "OwnedEvent",
    "RefundTooLarge", "Reversal", "State", "UnknownStore", "check", "credit", "event_basis", "fold_event",
    "fold_order", "late", "named_lines", "reverse", "standing_of",
]  # fmt: skip
