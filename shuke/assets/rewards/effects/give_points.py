"""送积分: points, valid for as long as the reward says."""

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

MOST = 1_000_000


class PointsGift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many points, and for how long they can be spent."""

    points: Annotated[
        int,
        Meta(
            ge=1,
            le=MOST,
            title="Points",
            extra_json_schema={"x-zh": "送多少积分", "x-en": "Points", "x-unit": "points"},
        ),
    ]
    valid_for: Annotated[
        str, Meta(title="Valid for", extra_json_schema={"x-zh": "有效期", "x-en": "Valid for", "x-widget": "duration"})
    ] = "1Y_U"


class GivePoints:
    """50 积分."""

    code: ClassVar[str] = "points"
    name: ClassVar[Sentence] = Sentence("积分", "Points")
    Params: ClassVar[type[msgspec.Struct]] = PointsGift
    example: ClassVar[dict[str, Any]] = {"points": 50, "valid_for": "1Y_U"}

    def sentence(self, params: PointsGift) -> Sentence:
        """What it is."""
        return Sentence(f"{params.points} 积分", f"{params.points} points")

    async def check(self, tx: Tx, params: PointsGift) -> None:
        """The validity can be read."""
        durations.parse(params.valid_for)

    async def give(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Given]:
        """Book a bonus for every member, each with its own verdict."""
        zone = (await tenancy.get_merchant(tx)).zone
        postings = [
            points.Posting(
                member_id=one.member_id, points=one.params.points, type="bonus", key=one.key, why=one.why,
                occurred_at=one.at, expires_at=durations.end(one.params.valid_for, one.at, zone),
            )
            for one in wanted
        ]  # fmt: skip
        verdicts = await points.post(tx, postings)
        return [_given(verdict, one.params.points) for verdict, one in zip(verdicts, wanted, strict=True)]

    async def take_back(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Taken]:
        """Take the points back; what the member has spent meanwhile is owed."""
        amounts = [one.params.points for one in wanted]
        return await take_from_ledger(tx, self.code, wanted, amounts, points.POINTS)


def _given(verdict: points.Verdict, amount: int) -> Given:
    if verdict.state == "refused":
        return Given(state="refused", kind=GivePoints.code, detail=verdict.refusal or {})
    detail = {"points": amount, "entry_id": verdict.entry_id}
    return Given(state="repeated" if verdict.state == "repeated" else "given", kind=GivePoints.code, detail=detail)
