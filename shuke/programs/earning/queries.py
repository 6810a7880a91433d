"""Questions about rules."""

from typing import Any

import msgspec

from shuke.kit.db import Tx
from shuke.programs.earning.conditions import CONDITIONS
from shuke.programs.earning.effects import EFFECTS
from shuke.programs.earning.policy import LiveRule


async def live_rules(tx: Tx) -> list[LiveRule]:
    """Every published version that is not paused or ended, sorted as they apply, with the period it was live.

    A version ends where the next published one of its rule begins.
    """
    rows = await tx.rows(
        "select r.rule_id, r.kind, r.name, r.priority, v.version, v.params, v.conditions, v.valid_from, v.valid_to, "
        "lead(v.valid_from) over (partition by v.rule_id order by v.version) as replaced_at "
        "from earning_rule r join earning_rule_version v on v.merchant_id = r.merchant_id and v.rule_id = r.rule_id "
        "where r.merchant_id = %(merchant_id)s and v.merchant_id = %(merchant_id)s and r.state = 'published' "
        "and v.published_at is not null order by r.priority, r.rule_id, v.version"
    )
    return [_compiled(row) for row in rows]


def _compiled(row: Any) -> LiveRule:
    ends = [instant for instant in (row.valid_to, row.replaced_at) if instant is not None]
    return LiveRule(
        rule_id=row.rule_id, version=row.version, kind=row.kind, name=row.name, priority=row.priority,
        params=EFFECTS.parameters(row.kind, row.params),
        conditions=tuple(
            (CONDITIONS.get(item["kind"]), CONDITIONS.parameters(item["kind"], item.get("params", {}))) for item in row.conditions
        ),
        live_from=row.valid_from, live_to=min(ends) if ends else None,
    )  # fmt: skip


def explain(why: dict[str, Any]) -> dict[str, str]:
    """The sentence of an award's stored reason, in both languages."""
    return msgspec.to_builtins(EFFECTS.get(why["kind"]).explain(why))


def keeps(why: dict[str, Any], remaining_fen: int) -> int:
    """What an award would have been for what is left of its order, under its original rule version."""
    return EFFECTS.get(why["kind"]).keeps(why, remaining_fen)
