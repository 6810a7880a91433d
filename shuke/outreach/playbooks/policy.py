"""What a playbook is: a reviewed set of things that a shop of one industry begins with, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shuke.kit.kinds import Sentence
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


def points(count: int) -> dict[str, Any]:
    """A reward of points as data."""
    return {"kind": "points", "params": {"points": count}}
