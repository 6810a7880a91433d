"""What every kind of reward offers: its words, its check before it is promised, and giving it to many members at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

import msgspec

from shuke.kit.db import Tx
from shuke.kit.kinds import Kind


class Reward(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is promised: its kind and that kind's parameters."""

    kind: str
    params: dict[str, Any]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One thing for one member, as a kind gets it: typed parameters and a key of its own."""

    member_id: int
    params: Any
    key: str
    why: dict[str, Any]
    at: datetime


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a gift. `detail` says what it was; of `refused`, the code and the words of the reason."""

    state: Literal["given", "repeated", "refused"]
    kind: str
    detail: dict[str, Any]


class RewardKind(Kind, Protocol):
    """One thing that can be given."""

    example: ClassVar[dict[str, Any]]

    async def check(self, tx: Tx, params: Any) -> None:
        """Refuse what could not be given when it is promised."""
        ...

    async def give(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Given]:
        """Give to all, in a fixed number of statements; the same key gives once; what cannot be given is a verdict."""
        ...
