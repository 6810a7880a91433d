"""Verbs on earning rules."""

from datetime import datetime

from shuke.kit.db import Tx
from shuke.programs.earning import models


async def install_first_rule(tx: Tx, at: datetime) -> int:
    """A new merchant's first rule: 1 point per net yuan, from the beginning of time. Returns its id."""
    (rule_id,) = await tx.fresh_ids(1)
    await tx.insert(
        models.Rule,
        [{"rule_id": rule_id, "kind": "spend_rate", "name": "消费送积分", "state": "published", "created_at": at}],
    )
    version = {"rule_id": rule_id, "version": 1, "params": {"points": 1, "per_fen": 100}, "published_at": at, "created_at": at}
    await tx.insert(models.RuleVersion, [version])
    await mark_changed(tx)
    return rule_id


async def mark_changed(tx: Tx) -> None:
    """Tell every process that the merchant's rules, tiers or stores changed: caches are read anew."""
    await tx.run("update merchant_head h set rules_version = h.rules_version + 1 where h.merchant_id = %(merchant_id)s")
