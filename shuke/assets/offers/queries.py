"""Questions about offers and who may use them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.assets.offers.policy import Usable, called, sentence, state_of
from shuke.kit import errors
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An offer as staff see it, with how often it was granted and used."""

    offer_id: int
    slug: str
    name: str
    points: int
    value_fen: int
    valid_for: str
    max_share_percent: int
    state: str
    created_at: datetime
    sentence: Sentence
    granted: int
    used: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A granted offer on a member's page. States: usable, used, expired."""

    grant_id: int
    offer_id: int
    name: str
    points: int
    value_fen: int
    granted_at: datetime
    expires_at: datetime
    used_at: datetime | None
    order_id: int | None
    state: str


_OFFERS = """
select o.offer_id, o.slug, o.name, o.points, o.value_fen, o.valid_for, o.max_share_percent, o.state, o.created_at,
    coalesce(g.granted, 0) as granted, coalesce(g.used, 0) as used
from offer o left join (
    select offer_id, count(*) as granted, count(used_at) as used from offer_grant
    where merchant_id = %(merchant_id)s group by offer_id
) g on g.offer_id = o.offer_id
where o.merchant_id = %(merchant_id)s and (%(slug)s::text is null or o.slug = %(slug)s)
  and (%(offer_id)s::bigint is null or o.offer_id = %(offer_id)s)
order by o.created_at desc, o.offer_id desc
"""


async def offers(tx: Tx) -> list[Shown]:
    """All offers, the newest first."""
    return [_shown(row) for row in await tx.rows(_OFFERS, slug=None, offer_id=None)]


async def find_offer(tx: Tx, slug: str) -> Shown | None:
    """The offer of that short name."""
    row = await tx.one(_OFFERS, slug=slug, offer_id=None)
    return None if row is None else _shown(row)


async def get_offer(tx: Tx, offer_id: int) -> Shown:
    """The offer of that number; refuses an unknown one."""
    row = await tx.one(_OFFERS, slug=None, offer_id=offer_id)
    if row is None:
        raise errors.NotFound(what="offer", what_zh="积分抵现")
    return _shown(row)


async def names(tx: Tx) -> dict[str, Sentence]:
    """What every offer is called, by short name."""
    rows = await tx.rows("select slug, name, points, value_fen from offer where merchant_id = %(merchant_id)s")
    return {row.slug: called(row.name, row.points, row.value_fen) for row in rows}


async def prices(tx: Tx) -> dict[str, int]:
    """What every offer costs now in points, by short name."""
    rows = await tx.rows("select slug, points from offer where merchant_id = %(merchant_id)s")
    return {row.slug: row.points for row in rows}


def _shown(row: Any) -> Shown:
    return Shown(**row._asdict(), sentence=sentence(row.points, row.value_fen, row.valid_for))


async def find_usable(tx: Tx, member_ids: Sequence[int], at: datetime) -> dict[int, list[Usable]]:
    """What these members may use at `at`, in one statement; members without anything are absent.

    An offer is usable from its grant until its expiry. Ask after locking the members' accounts.
    """
    rows = await tx.rows(
        "select grant_id, offer_id, member_id, points, value_fen, max_share_percent, expires_at from offer_grant "
        "where merchant_id = %(merchant_id)s and member_id = any(%(members)s::bigint[]) and used_at is null "
        "and expires_at > %(at)s and granted_at <= %(at)s order by member_id, expires_at, grant_id",
        members=list(member_ids), at=at,
    )  # fmt: skip
    found: dict[int, list[Usable]] = defaultdict(list)
    for row in rows:
        found[row.member_id].append(Usable(**row._asdict()))
    return dict(found)


async def of_member(tx: Tx, member_id: int, at: datetime, limit: int = 50) -> list[Held]:
    """What a member was granted, with where it stands at `at`; the newest first."""
    rows = await tx.rows(
        "select g.grant_id, g.offer_id, o.name, g.points, g.value_fen, g.granted_at, g.expires_at, g.used_at, g.order_id "
        "from offer_grant g join offer o on o.merchant_id = g.merchant_id and o.offer_id = g.offer_id "
        "where g.merchant_id = %(merchant_id)s and g.member_id = %(member_id)s "
        "order by g.granted_at desc, g.grant_id desc limit %(limit)s",
        member_id=member_id, limit=limit,
    )  # fmt: skip
    return [Held(**row._asdict(), state=state_of(row.used_at, row.expires_at, at)) for row in rows]


class UsedOn(msgspec.Struct, frozen=True, kw_only=True):
    """A granted offer that paid for a part of an order."""

    name: str
    points: int
    value_fen: int
    expires_at: datetime


async def used_on(tx: Tx, order_id: int) -> UsedOn | None:
    """The offer that paid for a part of this order, or None."""
    row = await tx.one(
        "select o.name, g.points, g.value_fen, g.expires_at from offer_grant g "
        "join offer o on o.merchant_id = g.merchant_id and o.offer_id = g.offer_id "
        "where g.merchant_id = %(merchant_id)s and g.order_id = %(order_id)s",
        order_id=order_id,
    )
    return None if row is None else UsedOn(**row._asdict())
