"""送积分: gives points, valid for as long as the step says."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets import points
from shuke.kit import durations
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.outreach.journeys.steps.kind import NOBODY, Crowd, Outcome


class Bonus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many points, and for how long they can be spent."""

    points: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            title="Points",
            extra_json_schema={"x-zh": "送多少积分", "x-en": "Points", "x-unit": "points"},
        ),
    ]
    valid_for: Annotated[
        str,
        Meta(
            title="Valid for",
            extra_json_schema={"x-zh": "有效期", "x-en": "Valid for", "x-widget": "duration"},
        ),
    ] = "1Y_U"


class GivePoints:
    """送 50 积分."""

    code: ClassVar[str] = "give_points"
    name: ClassVar[Sentence] = Sentence("送积分", "Give points")
    Params: ClassVar[type[msgspec.Struct]] = Bonus
    example: ClassVar[dict[str, Any]] = {"points": 50, "valid_for": "1Y_U"}

    def sentence(self, params: Bonus, _: Mapping[str, Sentence] = NOBODY) -> Sentence:
        """What it does."""
        return Sentence(f"送 {params.points} 积分", f"give {params.points} points")

    async def check(self, tx: Tx, params: Bonus) -> None:
        """The validity can be read."""
        durations.parse(params.valid_for)

    async def take(self, tx: Tx, crowd: Crowd, params: Bonus) -> dict[int, Outcome]:
        """Book a bonus for every member, keyed by the step."""
        expires_at = durations.end(params.valid_for, crowd.at, crowd.zone)
        why = {"kind": "journey", "journey_id": crowd.journey_id, "journey": crowd.journey_name}
        postings = [
            points.Posting(
                member_id=member_id,
                points=params.points,
                type="bonus",
                key=crowd.key(member_id),
                why=why,
                occurred_at=crowd.at,
                expires_at=expires_at,
            )
            for member_id in crowd.member_ids
        ]
        verdicts = await points.post(tx, postings)
        return {
            member_id: _outcome(verdict, params) for member_id, verdict in zip(crowd.member_ids, verdicts, strict=True)
        }


def _outcome(verdict: points.Verdict, params: Bonus) -> Outcome:
    if verdict.state == "refused":
        refusal = verdict.refusal or {}
        why = {"zh": refusal.get("message", ""), "en": refusal.get("message_en", "")}
        return Outcome(outcome="refused", detail={"code": refusal.get("code", "refused"), "why": why})
    return Outcome(outcome="done", detail={"entry_id": verdict.entry_id, "points": params.points})


def _given(why: dict[str, Any]) -> Sentence:
    return Sentence(f"自动化「{why['journey']}」赠送", f"Given by the journey “{why['journey']}”")


points.explained_by({"journey": _given})
