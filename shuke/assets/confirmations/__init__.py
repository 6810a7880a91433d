"""Points that wait until somebody confirms what they were promised for: the goods received, the voucher redeemed."""

from shuke.assets.confirmations.actions import NothingAwaited, Wish, awaiting, confirm, own_lots, storing
from shuke.assets.confirmations.queries import AwaitedShape, awaited

__all__ = ["AwaitedShape", "NothingAwaited", "Wish", "awaited", "awaiting", "confirm", "own_lots", "storing"]
