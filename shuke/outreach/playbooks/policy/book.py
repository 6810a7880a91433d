"""What a playbook is: a reviewed set of things that a shop of one industry begins with, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shuke.assets import offers
from shuke.insight import lifecycle
from shuke.kit.kinds import Sentence
from shuke.outreach import journeys
from shuke.programs import missions, referrals, tiers


@dataclass(frozen=True, slots=True)
class RuleIn:
    """One earning rule, published when it is installed."""

    key: str
    name: Sentence
    kind: str
    params: dict[str, Any]
    conditions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ExampleIn:
    """A receipt and the points it must give with this playbook and the first rule (1 point per yuan)."""

    name: str
    trial: dict[str, Any]
    points: int


@dataclass(frozen=True, slots=True)
class MissionIn:
    """One mission, published when it is installed."""

    key: str
    name: Sentence
    period: missions.Period
    plan: missions.MissionPlan


@dataclass(frozen=True, slots=True)
class Text:
    """A message to copy into a journey."""

    name: Sentence
    text: Sentence


@dataclass(frozen=True, slots=True)
class SegmentIn:
    """One segment; whoever speaks of another stands behind it."""

    slug: str
    name: Sentence
    description: Sentence
    rule: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TagIn:
    """One tag: with the segment whose members wear it, or with the code of a model's ready tag, which has its own name."""

    key: str
    name: Sentence | None = None
    description: Sentence | None = None
    segment: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class JourneyIn:
    """One journey, left as a draft; `offer` (short name and terms) is made where there is none of that short name."""

    key: str
    name: Sentence
    segment: str
    steps: Sequence[journeys.StepPlan]
    offer: tuple[str, offers.Terms] | None = None
    again_days: int | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """A playbook of one industry."""

    code: str
    name: Sentence
    note: Sentence
    terms: tiers.Terms
    levels: Sequence[tiers.Level]
    rules: Sequence[RuleIn]
    examples: Sequence[ExampleIn]
    check_in: missions.Plan
    missions: Sequence[MissionIn]
    referral: referrals.Plan
    texts: Sequence[Text]
    life: lifecycle.Limits
    segments: Sequence[SegmentIn]
    tags: Sequence[TagIn]
    journeys: Sequence[JourneyIn]


def points(count: int) -> dict[str, Any]:
    """A reward of points as data."""
    return {"kind": "points", "params": {"points": count}}
