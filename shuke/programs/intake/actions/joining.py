"""What joining gives: the sign-up rules live when the member joined, once per member and rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuke.assets import confirmations, points
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs import earning, tiers
from shuke.programs.intake import policy, queries


async def welcome(tx: Tx, member_ids: Sequence[int]) -> None:
    """Give new members what sign-up rules promise; repeatable, a constant number of statements. Merged ones get nothing."""
    context = await queries.context_of(tx)
    rules = [rule for rule in context.rules if rule.trigger == "sign_up"]
    if not rules or not member_ids:
        return
    ids = sorted(set(member_ids))
    known = await earning.know(tx, context.asks.needs | {"profile"}, ids, clock.now())
    bases = {member_id: _basis(context, one) for member_id, one in known.items() if one.joined_at is not None}
    keys = [f"sign_up:{member_id}:{rule.rule_id}" for member_id in bases for rule in rules]
    counted = earning.wanted_counters(rules, list(bases.items()))
    book, (before, rows) = await points.open_asking(
        tx, sorted(bases), (points.BOOKED, {"keys": keys}), earning.locking(counted)
    )
    given = {row[0] for row in before}
    counters = earning.counters_of(rows)
    await tx.ids.ensure(2 * len(keys) + 4)
    awaited: list[dict[str, Any]] = []
    for member_id, basis in bases.items():
        fresh = [rule for rule in rules if f"sign_up:{member_id}:{rule.rule_id}" not in given]
        for award in earning.evaluate(fresh, earning.EFFECTS, basis, member_id=member_id, counters=counters):
            cause = points.Cause(
                f"sign_up:{member_id}:{award.rule.rule_id}", award.why, basis.occurred_at, rule_id=award.rule.rule_id,
                rule_version=award.rule.version,
            )  # fmt: skip
            awaited += policy.credit(book, member_id, award, cause, context.merchant.zone)
    points.store(tx, book)
    tx.at_commit(*earning.counting(counters.added), *confirmations.storing(tx, awaited))


def _basis(context: policy.Context, known: earning.Known) -> earning.Basis:
    assert known.joined_at is not None
    zone, day_start = context.merchant.zone, context.merchant.day_start_minutes
    lowest: tiers.Level = context.ladder[0]
    return earning.Basis(
        occurred_at=known.joined_at, trigger="sign_up", known=known, tier_level=lowest.level, tier_name=lowest.name,
        zone=context.zone, day=clock.business_date(known.joined_at, zone, day_start),
    )  # fmt: skip
