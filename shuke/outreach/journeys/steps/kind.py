"""What every kind of step offers: its words, its check before launch, and its act for a crowd of members at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

import msgspec

from shuke.kit.db import Tx
from shuke.kit.kinds import Kind, Sentence


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a step did for one member. `detail` of `done` says what was given; of `refused`, the code and the why."""

    outcome: Literal["done", "refused", "left"]
    detail: dict[str, Any]


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """The members who take one step now. `before` holds the details of their earlier steps, in order."""

    journey_id: int
    journey_name: str
    version: int
    step: int
    member_ids: Sequence[int]
    before: Mapping[int, Sequence[dict[str, Any]]]
    at: datetime
    zone: str
    keyed_as: Mapping[int, str]

    def key(self, member_id: int) -> str:
        """The permanent key of this step's effect in a member's passage: it happens once, however often it is tried."""
        return f"journey:{self.journey_id}:{self.version}:{self.step}:{self.keyed_as[member_id]}"


NOBODY: Mapping[str, Sentence] = {}


class Step(Kind, Protocol):
    """One act of a journey."""

    example: ClassVar[dict[str, Any]]

    def sentence(self, params: Any, called: Mapping[str, Sentence] = NOBODY) -> Sentence:
        """What it does, as an operator would say it; `called` has the names of offers by their short name."""
        ...

    async def check(self, tx: Tx, params: Any) -> None:
        """Refuse what could not work when the journey is launched."""
        ...

    async def take(self, tx: Tx, crowd: Crowd, params: Any) -> dict[int, Outcome]:
        """Do it for every member of the crowd, in a fixed number of statements; repeatable by the crowd's keys."""
        ...


def refused(code: str, why: Sentence) -> Outcome:
    """A step that did nothing for a member, and why."""
    return Outcome(outcome="refused", detail={"code": code, "why": msgspec.to_builtins(why)})
