"""Counting up: the sums by day and store follow the entries, beside all traffic."""

from __future__ import annotations

from shuke.assets import points
from shuke.ground import tenancy
from shuke.kit.db import Database, Tx

STRIDE = 2_000  # announcements counted in one transaction
_LOCK = """
insert into points_day_head as h (merchant_id, seq) values (%(merchant_id)s, 0)
on conflict (merchant_id) do update set seq = h.seq returning h.seq
"""
_LAST = "select seq from merchant_head where merchant_id = %(merchant_id)s"
_ADD = """
insert into points_day as d (merchant_id, wallet, day, store_id, issued, used, expired)
select %(merchant_id)s, r.wallet, r.day, r.store_id, r.issued, r.used, r.expired
from unnest(%(wallets)s::text[], %(days)s::date[], %(stores)s::bigint[], %(issued)s::bigint[], %(used)s::bigint[],
  %(expired)s::bigint[]) as r(wallet, day, store_id, issued, used, expired)
on conflict (merchant_id, wallet, day, store_id) do update
set issued = d.issued + excluded.issued, used = d.used + excluded.used, expired = d.expired + excluded.expired
"""
_MOVE = "update points_day_head set seq = %(seq)s where merchant_id = %(merchant_id)s"


async def count_up(tx: Tx, stride: int = STRIDE) -> int:
    """Add the next `stride` announcements to the sums; how many were added. Safe twice at once: the head is locked."""
    head = await tx.value(_LOCK)
    upto = min(head + stride, await tx.value(_LAST) or 0)
    if upto <= head:
        return 0
    merchant = await tenancy.get_merchant(tx)
    found = await points.moved(tx, head, upto, merchant.zone, merchant.day_start_minutes)
    places, sums = list(found), list(found.values())
    if places:
        columns = {name: [one[n] for one in sums] for n, name in enumerate(("issued", "used", "expired"))}
        wallets, days, stores = ([place[n] for place in places] for n in range(3))
        await tx.run(_ADD, wallets=wallets, days=days, stores=stores, **columns)
    await tx.run(_MOVE, seq=upto)
    return int(upto - head)


async def count_up_merchant(database: Database, merchant_id: int) -> None:
    """Count a merchant up to its last announcement, a stride a transaction."""
    while await database.attempt(merchant_id, count_up) == STRIDE:
        pass
