"""送补签卡: cards with which a missed check-in is made up; they lie in a wallet of their own in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets import points
from shuke.assets.rewards.effects.kind import Given, Taken, Wanted, take_from_ledger
from shuke.ground import tenancy
from shuke.kit import durations
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence

CARDS = "make_up_cards"
"""The wallet of make-up cards."""


class CardGift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many cards, and for how long they can be used."""

    cards: Annotated[int, Meta(ge=1, le=100, title="Cards", extra_json_schema={"x-zh": "送几张", "x-en": "Cards"})] = 1
    valid_for: Annotated[
        str, Meta(title="Valid for", extra_json_schema={"x-zh": "有效期", "x-en": "Valid for", "x-widget": "duration"})
    ] = "1Y_U"


class GiveCard:
    """1 张补签卡."""

    code: ClassVar[str] = "make_up_card"
    name: ClassVar[Sentence] = Sentence("补签卡", "Make-up cards")
    Params: ClassVar[type[msgspec.Struct]] = CardGift
    example: ClassVar[dict[str, Any]] = {"cards": 1, "valid_for": "1Y_U"}

    def sentence(self, params: CardGift) -> Sentence:
        """What it is."""
        return Sentence(f"{params.cards} 张补签卡", f"{params.cards} make-up card{'' if params.cards == 1 else 's'}")

    async def check(self, tx: Tx, params: CardGift) -> None:
        """The validity can be read."""
        durations.parse(params.valid_for)

    async def give(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Given]:
        """Book the cards of every member, each with its own verdict."""
        zone = (await tenancy.get_merchant(tx)).zone
        postings = [
            points.Posting(
                member_id=one.member_id, points=one.params.cards, type="bonus", key=one.key, why=one.why,
                occurred_at=one.at, expires_at=durations.end(one.params.valid_for, one.at, zone),
            )
            for one in wanted
        ]  # fmt: skip
        verdicts = await points.post(tx, postings, wallet=CARDS)
        return [_given(verdict, one.params.cards) for verdict, one in zip(verdicts, wanted, strict=True)]

    async def take_back(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Taken]:
        """Take the cards back; what the member has used meanwhile is owed."""
        return await take_from_ledger(tx, self.code, wanted, [one.params.cards for one in wanted], CARDS)


def _given(verdict: points.Verdict, cards: int) -> Given:
    if verdict.state == "refused":
        return Given(state="refused", kind=GiveCard.code, detail=verdict.refusal or {})
    detail = {"cards": cards, "entry_id": verdict.entry_id}
    return Given(state="repeated" if verdict.state == "repeated" else "given", kind=GiveCard.code, detail=detail)
