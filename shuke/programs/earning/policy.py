"""What an order earns: published rules as of its time, in order of priority, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what was bought; money net in fen."""

    sku: str
    quantity: int
    amount_fen: int
    category: str = ""
    brand: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a rule may look at: the order as paid, the member's tier at the time, the local weekday."""

    occurred_at: datetime
    amount_fen: int
    lines: Sequence[Line] = ()
    store: str = ""
    channel: str = ""
    tier_level: int = 0
    tier_name: str = ""
    multiplier_percent: int = 100


@dataclass(frozen=True, slots=True)
class LiveRule:
    """One published version of a rule, compiled: live in [live_from, live_to)."""

    rule_id: int
    version: int
    kind: str
    name: str
    priority: int
    params: Any
    conditions: tuple[tuple[Any, Any], ...]
    live_from: datetime | None
    live_to: datetime | None

    def holds_at(self, instant: datetime) -> bool:
        """Whether this version was live at that instant; no beginning means from the beginning of time."""
        return (self.live_from is None or self.live_from <= instant) and (
            self.live_to is None or instant < self.live_to
        )


@dataclass(frozen=True, slots=True)
class Award:
    """What one rule gives: points, what they were computed from, and the reason as data."""

    rule: LiveRule
    points: int
    basis_fen: int
    why: dict[str, Any]
    validity: str
    breakdown: list[int] = field(default_factory=list)


def evaluate(rules: Sequence[LiveRule], effects: Any, basis: Basis) -> list[Award]:
    """The awards of one order, in order of priority and id; rules that give nothing are left out.

    `rules` are sorted by (priority, rule_id); `effects` is the family of effect kinds.
    """
    awards = []
    for rule in rules:
        if not rule.holds_at(basis.occurred_at):
            continue
        if not all(kind.holds(params, basis) for kind, params in rule.conditions):
            continue
        award = effects[rule.kind].award(rule, basis)
        if award is not None and award.points > 0:
            awards.append(award)
    return awards
