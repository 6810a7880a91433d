"""What several rooms do together when a merchant is born."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from shuke.doors import wiring
from shuke.ground import tenancy
from shuke.insight import lifecycle
from shuke.kit.db import Database
from shuke.programs import earning, tiers


async def create_merchant(
    database: Database,
    *,
    slug: str,
    name: str,
    zone: str,
    at: datetime,
    stores: Iterable[str] = (),
    ready_made: bool = False,
    state: Literal["active", "loading"] = "active",
) -> int:
    """A new merchant with its first rule (1 point per net yuan, from the beginning of time) and one plain tier;
    with `ready_made` also the stages of the members' life."""
    async with database.directory() as tx:
        merchant_id = await tenancy.create_merchant(tx, slug, name or slug, zone, at, state)
    async with database.write(merchant_id) as tx:
        await tenancy.ensure_stores(tx, [{"code": code, "name": code} for code in stores], at)
        await earning.install_first_rule(tx, at)
        await tiers.install_first_ladder(tx)
        if ready_made:
            await lifecycle.put(tx, lifecycle.DEFAULT, at, "shuke")
        await wiring.plan(tx, at)
    return merchant_id
