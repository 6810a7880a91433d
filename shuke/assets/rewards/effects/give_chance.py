"""送抽奖机会: chances for the lottery, a wallet of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets.rewards.effects.kind import Given, Taken, Wanted, give_by_ledger, take_from_ledger
from shuke.kit import durations
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence

CHANCES = "lottery_chances"
"""The wallet of lottery chances."""


class ChanceGift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many chances, and for how long they can be used."""

    chances: Annotated[
        int, Meta(ge=1, le=100, title="Chances", extra_json_schema={"x-zh": "送几次", "x-en": "Chances"})
    ] = 1
    valid_for: Annotated[
        str, Meta(title="Valid for", extra_json_schema={"x-zh": "有效期", "x-en": "Valid for", "x-widget": "duration"})
    ] = "30D_U"


class GiveChance:
    """1 次抽奖机会."""

    code: ClassVar[str] = "lottery_chance"
    name: ClassVar[Sentence] = Sentence("抽奖机会", "Lottery chances")
    Params: ClassVar[type[msgspec.Struct]] = ChanceGift
    example: ClassVar[dict[str, Any]] = {"chances": 1, "valid_for": "30D_U"}

    def sentence(self, params: ChanceGift) -> Sentence:
        """What it is."""
        plural = "" if params.chances == 1 else "s"
        return Sentence(f"{params.chances} 次抽奖机会", f"{params.chances} lottery chance{plural}")

    async def check(self, tx: Tx, params: ChanceGift) -> None:
        """The validity can be read."""
        durations.parse(params.valid_for)

    async def give(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Given]:
        """Book the chances of every member, each with its own verdict."""
        return await give_by_ledger(tx, self.code, wanted, [one.params.chances for one in wanted], CHANCES)

    async def take_back(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Taken]:
        """Take them back, the rest as debt."""
        return await take_from_ledger(tx, self.code, wanted, [one.params.chances for one in wanted], CHANCES)
