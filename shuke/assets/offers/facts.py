"""What the mirror may copy of offers: each grant, as something that happened to its member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror, tenancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.kit.db import Tx

OFFER_GRANTED = mirror.behaviour(
    "offer_granted",
    ("获得积分抵现", "was given an offer"),
    {
        "offer": ("text", "积分抵现", "Offer"),
        "points": ("number", "积分", "Points"),
        "value_fen": ("number", "可抵金额", "Value"),
    },
)
_GRANTS = """
select g.grant_id, g.member_id, g.granted_at, g.points, g.value_fen, o.slug from offer_grant g
join offer o on o.merchant_id = g.merchant_id and o.offer_id = g.offer_id
where g.merchant_id = %(merchant_id)s and g.grant_id = any(%(ids)s::bigint[])
"""


async def _grants(tx: Tx, news: Sequence[mirror.News]) -> Mapping[str, list[Any]]:
    told_in = {grant_id: (one.seq, place) for one in news for place, grant_id in enumerate(one.payload["grant_ids"])}
    merchant = await tenancy.get_merchant(tx)
    made = mirror.EventRows(merchant.zone, merchant.day_start_minutes)
    for row in await tx.rows(_GRANTS, ids=list(told_in)):
        what = {"offer": row.slug, "points": row.points, "value_fen": row.value_fen}
        made.add("offer_granted", row.member_id, row.granted_at, told_in[row.grant_id], what)
    return made.columns


DECLARED = (OFFER_GRANTED, mirror.Source(("offers_granted",), "events", _grants))
