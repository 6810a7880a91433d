"""送积分抵现: the right to spend points as cash for some days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets import offers
from shuke.assets.rewards.effects.kind import Given, Taken, Wanted
from shuke.kit import errors
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence


class OfferGift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which offer, by its short name."""

    offer: Annotated[
        str,
        Meta(min_length=1, title="Offer", extra_json_schema={"x-zh": "积分抵现", "x-en": "Offer", "x-widget": "offer"}),
    ]


class GiveOffer:
    """500积分抵50元,仅限3天."""

    code: ClassVar[str] = "offer"
    name: ClassVar[Sentence] = Sentence("积分抵现", "Points as cash")
    Params: ClassVar[type[msgspec.Struct]] = OfferGift
    example: ClassVar[dict[str, Any]] = {"offer": "500-as-50"}

    def sentence(self, params: OfferGift) -> Sentence:
        """What it is."""
        return Sentence(f"积分抵现「{params.offer}」", f"the offer “{params.offer}”")

    async def check(self, tx: Tx, params: OfferGift) -> None:
        """The offer exists and is live."""
        offer = await offers.find_offer(tx, params.offer)
        if offer is None:
            raise errors.NotFound(what=f"offer “{params.offer}”", what_zh=f"积分抵现「{params.offer}」", field="offer")
        if offer.state != "live":
            raise offers.OfferEnded(field="offer", name=offer.name)

    async def give(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Given]:
        """Grant each its offer; one that is gone or has ended since it was promised is refused, with that reason."""
        known = {offer.slug: offer for offer in await offers.offers(tx)}
        refused = {slug: _refusal(slug, known.get(slug)) for slug in {one.params.offer for one in wanted}}
        fit = [one for one in wanted if refused[one.params.offer] is None]
        grants = [
            offers.Grant(offer_id=known[one.params.offer].offer_id, member_id=one.member_id, key=one.key) for one in fit
        ]
        granted = iter(await offers.grant(tx, grants, max(one.at for one in wanted))) if wanted else iter(())
        return [
            Given(state="refused", kind=self.code, detail=no) if (no := refused[one.params.offer]) else
            _given(next(granted), one.params.offer)
            for one in wanted
        ]  # fmt: skip

    async def take_back(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Taken]:
        """End what was granted, unless it paid for an order."""
        if not wanted:
            return []
        ended = await offers.withdraw(tx, [one.key for one in wanted], max(one.at for one in wanted))
        return [Taken(state="taken" if one.key in ended else "kept", kind=self.code) for one in wanted]


def _refusal(slug: str, offer: Any) -> dict[str, Any] | None:
    if offer is None:
        return errors.NotFound(what=f"offer “{slug}”", what_zh=f"积分抵现「{slug}」").body()
    return offers.OfferEnded(name=offer.name).body() if offer.state != "live" else None


def _given(grant: offers.Granted, slug: str) -> Given:
    detail = {
        "offer": slug, "grant_id": grant.grant_id, "points": grant.points, "value_fen": grant.value_fen,
        "expires_at": grant.expires_at.isoformat(),
    }  # fmt: skip
    return Given(state="repeated" if grant.repeated else "given", kind=GiveOffer.code, detail=detail)
