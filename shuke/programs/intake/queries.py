"""What a merchant's items are judged by, kept in memory until the merchant's version moves."""

from shuke.ground import tenancy
from shuke.kit.db import Tx
from shuke.programs import earning, tiers
from shuke.programs.intake.policy import Context

VERSION = "select rules_version from merchant_head where merchant_id = %(merchant_id)s"


async def context_of(tx: Tx, version: int | None = None) -> Context:
    """The merchant's context, read anew when its version (read in this transaction where given) has moved."""
    if version is None:
        version = await tx.value(VERSION)
    found: Context | None = tx.memory.get(("intake", tx.merchant_id))
    if found is not None and found.version == version:
        return found
    assert version is not None
    return await _load(tx, version)


async def _load(tx: Tx, version: int) -> Context:
    merchant = await tenancy.get_merchant(tx)
    context = Context(
        merchant, version, await tenancy.store_ids(tx), await earning.live_rules(tx), await tiers.ladder(tx)
    )
    tx.memory["intake", tx.merchant_id] = context
    return context
