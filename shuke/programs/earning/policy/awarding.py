"""What an order or event earns: published rules as of its time, in order of priority, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.kit import money
from shuke.programs.earning.policy.rules import (
    BUDGET,
    DEFAULT,
    Award,
    Basis,
    CounterKey,
    Counters,
    LiveRule,
    Multiplying,
    counted_under,
    month_key,
    once_key,
    period,
    reason,
    split_over,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Sequence


def wanted_counters(rules: Sequence[LiveRule], bases: Sequence[tuple[int, Basis]]) -> list[CounterKey]:
    """The counters that these members' orders and events may touch, in the order in which they are locked."""
    limited = [rule for rule in rules if rule.limited]
    pairs = ((rule, member_id, basis) for rule in limited for member_id, basis in bases if rule.answers(basis))
    keys = {key for rule, member_id, basis in pairs for key in counted_under(rule, member_id, basis)}
    return sorted(keys)


def evaluate(
    rules: Sequence[LiveRule], effects: Any, basis: Basis, *, member_id: int = 0, counters: Counters | None = None,
    multiplier_policy: Multiplying = DEFAULT,
) -> list[Award]:  # fmt: skip
    """The awards of one order or event, in order of priority and id; rules that give nothing are left out.

    `rules` are sorted by (priority, rule_id); `effects` is the family of effect kinds. Multipliers come after what
    they multiply, then stacking groups, then caps and budgets; `counters` are counted up by what is given.
    """
    awards: list[Award] = []
    multipliers: list[LiveRule] = []
    for rule in rules:
        if not rule.answers(basis):
            continue
        for kind, params in rule.conditions:
            if not kind.holds(params, basis):
                break
        else:
            if rule.kind == "multiplier":
                multipliers.append(rule)
                continue
            award = effects[rule.kind].award(rule, basis)
            if award is not None and award.points > 0:
                awards.append(award)
    if multipliers:
        awards += multiplied(multipliers, awards, basis, multiplier_policy)
    if len(awards) > 1 and any(award.rule.terms.group for award in awards):
        awards = _stacked(awards)
    if any(award.rule.limited for award in awards):
        awards = [award for award in awards if _within(award, member_id, basis, counters)]
    for award in awards:
        _note_threshold(award)
    return awards


def multiplied(multipliers: Sequence[LiveRule], awards: Sequence[Award], basis: Basis, how: Multiplying) -> list[Award]:
    """What multipliers add to the base rate: each an award of its own, by the merchant's policy and below its cap."""
    bases = [award for award in awards if award.why["kind"] == "spend_rate"]
    if not bases:
        return []
    reached = max(award.why["percent"] for award in bases)
    if how.policy == "max":
        best = max(multipliers, key=lambda rule: rule.params.percent)
        multipliers = [best]
    found = []
    for rule in multipliers:
        percent = rule.params.percent
        desired = {"sum": percent - 100, "max": percent - reached, "product": reached * percent // 100 - reached}[
            how.policy
        ]
        bonus = min(desired, how.most_percent - reached)
        if desired <= 0:
            continue
        award = _bonus(rule, bases, basis, desired)
        if bonus < desired:
            less = _bonus(rule, bases, basis, max(bonus, 0))
            award.why["bonus_percent"] = less.why["bonus_percent"]
            award.breakdown = less.breakdown
            award.reduce(less.points, {"per": "multiplier", "percent": how.most_percent})
        reached += max(bonus, 0)
        if award.points > 0:
            found.append(award)
    return found


def _bonus(rule: LiveRule, bases: Sequence[Award], basis: Basis, percent: int) -> Award:
    rates = [[award.why["points"], award.why["per_fen"]] for award in bases]
    points = sum(money.scale(basis.amount_fen, rate * percent, per * 100) for rate, per in rates)
    facts = {"rates": rates, "bonus_percent": percent, "percent": rule.params.percent, "basis_fen": basis.amount_fen}
    return Award(
        rule, points, basis.amount_fen, reason(rule, **facts), rule.params.validity, split_over(points, basis.lines)
    )


def _stacked(awards: list[Award]) -> list[Award]:
    """Within a group all count, the largest, or the first; the group's first rule says which."""
    groups: dict[str, list[Award]] = {}
    for award in awards:
        if award.rule.terms.group:
            groups.setdefault(award.rule.terms.group, []).append(award)
    dropped: set[int] = set()
    for members in groups.values():
        mode = members[0].rule.terms.stacking
        if mode != "sum":
            kept = members[0] if mode == "first" else max(members, key=lambda award: award.points)
            dropped.update(id(award) for award in members if award is not kept)
    return [award for award in awards if id(award) not in dropped]


def _within(award: Award, member_id: int, basis: Basis, counters: Counters | None) -> bool:
    """Cut an award down to its caps and budget and count it; False where nothing is left."""
    rule = award.rule
    keys: list[CounterKey] = []
    for cap in rule.terms.caps:
        key = (rule.rule_id, member_id, period(cap.per, basis.on))
        points, times = counters.so_far(key) if counters is not None and cap.per != "order" else (0, 0)
        limit = {"per": cap.per, "points": cap.points, "times": cap.times}
        if cap.times is not None and times >= cap.times:
            award.reduce(0, limit)
        elif cap.points is not None and points + award.points > cap.points:
            award.reduce(max(cap.points - points, 0), limit)
    if counters is not None:
        keys = counted_under(rule, member_id, basis)
        once = once_key(rule, member_id, basis)
        if once is not None and counters.so_far(once)[1]:
            award.reduce(0, {"per": "once"})
        if rule.monthly:  # what an order returned since had helped to reach is not given twice
            left = award.why["reached"] - counters.so_far(month_key(rule, member_id, basis))[0]
            if left < award.points:
                award.reduce(max(left, 0), {"per": "ladder"})
        budget = rule.terms.budget_points
        if budget is not None:
            left = max(budget - counters.so_far((rule.rule_id, 0, BUDGET))[0], 0)
            if left < award.points:
                award.reduce(left, {"per": "budget", "points": budget})
    if award.points <= 0:
        return False
    for key in keys:
        assert counters is not None
        counters.add(key, award.points, 1)
    if keys:
        award.why["counted"] = [[key_member, name] for _, key_member, name in keys]
    return True


def _note_threshold(award: Award) -> None:
    """Remember what the conditions asked of the amount, so that a refund below it takes everything back."""
    for kind, params in award.rule.conditions:
        if kind.code == "amount" and params.least_fen:
            award.why["least_fen"] = params.least_fen
