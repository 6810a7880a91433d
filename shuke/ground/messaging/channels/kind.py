"""What every channel offers: a name, the limits of its content, an address, and its look on a phone."""

from datetime import datetime
from typing import ClassVar, Protocol

import msgspec

from shuke.kit.kinds import Kind


class Reach(msgspec.Struct, frozen=True):
    """How one member can be reached: name, what they said per channel, and their addresses by kind of identity."""

    member_id: int
    name: str
    consents: dict[str, bool]
    addresses: dict[str, str]


class Shown(msgspec.Struct, frozen=True):
    """A message as it is shown: the finished text and the moment."""

    title: str
    body: str
    link: str
    at: datetime | None


class Look(msgspec.Struct, frozen=True):
    """How a message stands on a phone: `shape` is bubble, card or notice; the rest is what one reads from top to bottom."""

    shape: str
    sender: str
    title: str
    body: str
    at: datetime | None
    link: str
    link_words: str


class Channel(Kind, Protocol):
    """A way to a member's phone. `Params` is what a message says on it, with the channel's own limits."""

    needs_consent: ClassVar[bool]

    def address(self, reach: Reach) -> str | None:
        """Where a message to this member goes, or None."""
        ...

    def look(self, shop: str, shown: Shown) -> Look:
        """How it looks on a phone."""
        ...
