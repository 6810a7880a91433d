"""What offers announce, by reference."""

from shuke.kit.events import Event


class OffersGranted(Event, frozen=True, kw_only=True, tag="offers_granted"):
    """Members were given the right to spend points as cash."""

    grant_ids: list[int]


class OffersUsed(Event, frozen=True, kw_only=True, tag="offers_used"):
    """Members spent points as cash."""

    grant_ids: list[int]


class OffersReturned(Event, frozen=True, kw_only=True, tag="offers_returned"):
    """The orders they were used for were refunded in full, and the offers are usable again."""

    grant_ids: list[int]
