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
from shuke.programs.earning.policy.selecting import RuleSet

if TYPE_CHECKING:
    from collections.abc import Sequence


def wanted_counters(rules: Sequence[LiveRule], bases: Sequence[tuple[int, Basis]]) -> list[CounterKey]:
    """The counters that these members' orders and events may touch, in the order in which they are locked."""
    ready = _ready(rules)
    keys: set[CounterKey] = set()
    for member_id, basis in bases:
        for rule in ready.limited(basis):
            if rule.answers(basis):
                keys.update(counted_under(rule, member_id, basis))
    return sorted(keys)


def evaluate(
    rules: Sequence[LiveRule], effects: Any, basis: Basis, *, member_id: int = 0, counters: Counters | None = None,
    multiplier_policy: Multiplying = DEFAULT,
) -> list[Award]:  # fmt: skip
    """The awards of one order or event, in order of priority and id; rules that give nothing are left out.

    `rules` are sorted by (priority, rule_id), best as a `RuleSet`, which is prepared once; `effects` is the family of
    effect kinds. Multipliers come after what they multiply, then stacking groups, then caps and budgets; `counters` are
    counted up by what is given.
    """
    today = _ready(rules).concerning(effects, basis)
    awards: list[Award] = []
    multipliers: list[LiveRule] = []
    grouped = limited = False
    for rule, checks, give, in_group, may_be_less in today.at(basis.occurred_at):
        for holds, params in checks:
            if not holds(params, basis):
                break
        else:
            if give is None:
                multipliers.append(rule)
            elif (award := give(rule, basis)) is None or award.points <= 0:
                continue
            else:
                awards.append(award)
            if in_group:
                grouped = True
            if may_be_less:
                limited = True
    if multipliers:
        awards += multiplied(multipliers, awards, basis, multiplier_policy)
    if grouped and len(awards) > 1:
        awards = _stacked(awards)
    if limited:
        awards = [award for award in awards if not award.rule.limited or _within(award, member_id, basis, counters)]
    for award in awards:
        if award.rule.least_fen:
            award.why["least_fen"] = award.rule.least_fen
    return awards


def _ready(rules: Sequence[LiveRule]) -> RuleSet:
    return rules if isinstance(rules, RuleSet) else RuleSet(rules)


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
        desired = percent - 100
        if how.policy != "sum":
            desired = (percent if how.policy == "max" else reached * percent // 100) - reached
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
    return Award(rule, points, basis.amount_fen, reason(rule, **facts), rule.params.validity, split_over(points, basis))


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
    rule, given = award.rule, counters or _NONE
    for cap in rule.terms.caps:
        points, times = 0, 0
        if cap.per != "order":
            points, times = given.so_far((rule.rule_id, member_id, period(cap.per, basis.on)))
        if cap.times is not None and times >= cap.times:
            award.reduce(0, {"per": cap.per, "points": cap.points, "times": cap.times})
        elif cap.points is not None and points + award.points > cap.points:
            limit = {"per": cap.per, "points": cap.points, "times": cap.times}
            award.reduce(max(cap.points - points, 0), limit)
    if counters is None:
        return award.points > 0
    if rule.once_per:
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
    keys = counted_under(rule, member_id, basis)
    for key in keys:
        counters.add(key, award.points, 1)
    if keys:
        award.why["counted"] = [[key_member, name] for _, key_member, name in keys]
    return True


_NONE = Counters()
"""Where nobody counts, nothing was given before."""
