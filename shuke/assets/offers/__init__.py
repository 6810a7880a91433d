"""Points as cash: which member may spend how many points for how much money, until when."""

from shuke.assets.offers.actions import (
    Grant,
    Granted,
    OfferEnded,
    OfferGone,
    OfferTaken,
    Terms,
    Use,
    create_offer,
    edit_offer,
    give_back,
    grant,
    use,
    withdraw,
)
from shuke.assets.offers.events import OffersGranted, OffersReturned, OffersUsed
from shuke.assets.offers.policy import NoSuchOffer, ShareExceeded, Usable, called, match
from shuke.assets.offers.queries import (
    Held,
    find_offer,
    find_usable,
    get_offer,
    names,
    of_member,
    offers,
    prices,
    used_on,
)

__all__ = [
    "Grant", "Granted", "Held", "NoSuchOffer", "OfferEnded", "OfferGone", "OfferTaken", "OffersGranted",
    "OffersReturned", "OffersUsed", "ShareExceeded", "Terms", "Usable", "Use", "called", "create_offer", "edit_offer",
    "find_offer", "find_usable", "get_offer", "give_back", "grant", "match", "names", "of_member", "offers", "prices", "use",
    "used_on", "withdraw",
]  # fmt: skip
