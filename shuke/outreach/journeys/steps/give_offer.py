"""发放积分抵现: gives the right to spend points as cash for some days."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets import offers
from shuke.kit import errors
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.outreach.journeys.steps.kind import NOBODY, Crowd, Outcome


class Gift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which offer, by its short name."""

    offer: Annotated[
        str,
        Meta(
            min_length=1,
            title="Offer",
            extra_json_schema={"x-zh": "积分抵现", "x-en": "Offer", "x-widget": "offer"},
        ),
    ]


class GiveOffer:
    """500积分抵50元,仅限3天."""

    code: ClassVar[str] = "give_offer"
    name: ClassVar[Sentence] = Sentence("发放积分抵现", "Give an offer")
    Params: ClassVar[type[msgspec.Struct]] = Gift
    example: ClassVar[dict[str, Any]] = {"offer": "500-as-50"}

    def sentence(self, params: Gift, called: Mapping[str, Sentence] = NOBODY) -> Sentence:
        """What it does, with the offer by its name where it is known."""
        name = called.get(params.offer, Sentence(params.offer, params.offer))
        return Sentence(f"发放积分抵现「{name.zh}」", f"give the offer “{name.en}”")

    async def check(self, tx: Tx, params: Gift) -> None:
        """The offer exists and is live."""
        await _live(tx, params.offer)

    async def take(self, tx: Tx, crowd: Crowd, params: Gift) -> dict[int, Outcome]:
        """Grant it to all; an offer that has ended since the launch is refused to all, with that reason."""
        try:
            offer = await _live(tx, params.offer)
        except errors.Refused as refusal:
            why = {"zh": refusal.message_zh, "en": refusal.message_en}
            return {
                member_id: Outcome(outcome="refused", detail={"code": refusal.code, "why": why})
                for member_id in crowd.member_ids
            }
        given = await offers.grant(
            tx,
            [
                offers.Grant(offer_id=offer.offer_id, member_id=member_id, key=crowd.key(member_id))
                for member_id in crowd.member_ids
            ],
            crowd.at,
        )
        return {
            member_id: Outcome(
                outcome="done",
                detail={
                    "grant_id": grant.grant_id,
                    "offer": offer.slug,
                    "points": grant.points,
                    "value_fen": grant.value_fen,
                    "expires_at": grant.expires_at.isoformat(),
                },
            )
            for member_id, grant in zip(crowd.member_ids, given, strict=True)
        }


async def _live(tx: Tx, slug: str) -> Any:
    offer = await offers.find_offer(tx, slug)
    if offer is None:
        raise errors.NotFound(what=f"offer “{slug}”", what_zh=f"积分抵现「{slug}」", field="offer")
    if offer.state != "live":
        raise offers.OfferEnded(field="offer", name=offer.name)
    return offer
