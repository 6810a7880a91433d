"""What a few members measure in one condition."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shuke.ground import mirror
from shuke.insight.grammar import conditions
from shuke.insight.grammar.conditions import rank
from shuke.insight.grammar.policy import plans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.ground.mirror import Mirror, Moment
    from shuke.insight.grammar.policy.rules import Leaf


async def measured(opened: Mirror, leaf: Leaf, moment: Moment, member_ids: Sequence[int]) -> dict[int, Any]:
    """The first aggregate of a condition for a few members."""
    kind = conditions.kind_of(leaf)
    asked = kind.ranking if leaf.kind == rank.CODE else kind.plan
    plan = asked(leaf, moment, opened.registry)
    rows = await mirror.rows(opened, plans.values_sql(plan, member_ids))
    return {row[0]: _plain(row[1]) for row in rows}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
