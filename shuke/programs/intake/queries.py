"""What a merchant's items are judged by, kept in memory until the merchant's version moves."""

from shuke.ground import tenancy
from shuke.kit.db import Tx
from shuke.programs import earning, tiers
from shuke.programs.intake.policy import Context

VERSION = "select rules_version from merchant_head where merchant_id = %(merchant_id)s"


async def context_of(tx: Tx) -> Context:
    """The merchant's context, read anew when its version has moved."""
    version = await tx.value(VERSION)
    found: Context | None = tx.memory.get(("intake", tx.merchant_id))
    if found is not None and found.version == version:
        return found
    return await load(tx)


async def load(tx: Tx) -> Context:
    """Read the merchant's settings, stores, rules and ladder."""
    version = await tx.value(VERSION)
    merchant = await tenancy.get_merchant(tx)
    context = Context(
        merchant, version, await tenancy.store_ids(tx), await earning.live_rules(tx), await tiers.ladder(tx)
    )
    tx.memory["intake", tx.merchant_id] = context
    return context
