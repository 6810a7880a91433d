"""送成长值: growth value, a wallet of its own that cannot be spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets.rewards.effects.kind import Given, Taken, Wanted, give_by_ledger, take_from_ledger
from shuke.kit import durations
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence

GROWTH = "growth"
"""The wallet of growth value."""


class GrowthGift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much growth value, and for how long it counts."""

    growth: Annotated[
        int, Meta(ge=1, le=1_000_000, title="Growth", extra_json_schema={"x-zh": "送多少成长值", "x-en": "Growth"})
    ]
    valid_for: Annotated[
        str, Meta(title="Valid for", extra_json_schema={"x-zh": "有效期", "x-en": "Valid for", "x-widget": "duration"})
    ] = "1Y_U"


class GiveGrowth:
    """20 点成长值."""

    code: ClassVar[str] = "growth"
    name: ClassVar[Sentence] = Sentence("成长值", "Growth value")
    Params: ClassVar[type[msgspec.Struct]] = GrowthGift
    example: ClassVar[dict[str, Any]] = {"growth": 20, "valid_for": "1Y_U"}

    def sentence(self, params: GrowthGift) -> Sentence:
        """What it is."""
        return Sentence(f"{params.growth} 点成长值", f"{params.growth} growth value")

    async def check(self, tx: Tx, params: GrowthGift) -> None:
        """The validity can be read."""
        durations.parse(params.valid_for)

    async def give(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Given]:
        """Book the growth value of every member, each with its own verdict."""
        return await give_by_ledger(tx, self.code, wanted, [one.params.growth for one in wanted], GROWTH)

    async def take_back(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Taken]:
        """Take it back, the rest as debt."""
        return await take_from_ledger(tx, self.code, wanted, [one.params.growth for one in wanted], GROWTH)
