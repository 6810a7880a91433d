"""Verbs of offers: make, grant, use, give back; set-based, each a fixed number of statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shuke.assets.offers import models, queries
from shuke.assets.offers.events import OffersGranted, OffersReturned, OffersUsed
from shuke.ground import tenancy
from shuke.insight import segments
from shuke.kit import clock, durations, errors
from shuke.kit.db import Tx

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class BadOffer(errors.Refused):
    """The offer cannot be made: {reason}"""

    code = "bad_offer"
    http_status = 422
    zh = "这个积分抵现不成立：{reason_zh}"
    cure = "Correct the field and save again."
    cure_zh = "请修改后再保存。"


class OfferTaken(errors.Refused):
    """There is already an offer "{slug}"."""

    code = "offer_taken"
    zh = "短名「{slug}」已经有了。"
    cure = "Choose another short name."
    cure_zh = "请换一个短名。"


class OfferEnded(errors.Refused):
    """The offer "{name}" has ended; nobody can be given it."""

    code = "offer_ended"
    zh = "「{name}」已经停用，不能再发放。"
    cure = "Make it live again, or choose another."
    cure_zh = "请重新启用，或换一个。"


class OfferGone(errors.Refused):
    """The offer was used a moment ago."""

    code = "offer_gone"
    zh = "这份积分抵现刚刚被用掉了。"
    cure = "Look up what the member may use now."
    cure_zh = "请重新查询这位会员现在能用的。"


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an offer promises: `points` pay for `value_fen`, `valid_for` (a duration) after the grant."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    points: Annotated[int, Meta(ge=1, le=100_000_000)]
    value_fen: Annotated[int, Meta(ge=1, le=1_000_000_00)]
    valid_for: str = "3D"
    max_share_percent: Annotated[int, Meta(ge=1, le=100)] = 100


async def create_offer(tx: Tx, slug: str, terms: Terms, at: datetime) -> queries.Shown:
    """Make a new live offer; refuses an unfit or taken short name and a validity without an end."""
    if not _SLUG.fullmatch(slug):
        raise BadOffer(
            field="slug", reason="use lower-case letters, digits and hyphens as short name",
            reason_zh="短名只用小写字母、数字和连字符",
        )  # fmt: skip
    _check(terms)
    if await queries.find_offer(tx, slug):
        raise OfferTaken(field="slug", slug=slug)
    [offer_id] = await tx.fresh_ids(1)
    row = {"offer_id": offer_id, "slug": slug, **msgspec.to_builtins(terms), "state": "live", "created_at": at}
    await tx.insert(models.Offer, [row])
    return await queries.get_offer(tx, offer_id)


def _check(terms: Terms) -> None:
    if durations.parse(terms.valid_for) is None:
        raise BadOffer(
            field="valid_for", reason="an offer needs an end", reason_zh="积分抵现必须有期限，例如 3D（三天）"
        )


async def edit_offer(tx: Tx, offer_id: int, terms: Terms, state: Literal["live", "ended"] = "live") -> queries.Shown:
    """Change an offer for those who get it from now on; what was granted keeps its price and its end.

    Another price in points is another answer to who can pay it: the segments are refreshed soon.
    """
    _check(terms)
    before = await queries.get_offer(tx, offer_id)
    if before.points != terms.points:
        await segments.refresh_soon(tx, clock.now())
    await tx.run(
        "update offer set name = %(name)s, points = %(points)s, value_fen = %(value_fen)s, valid_for = %(valid_for)s, "
        "max_share_percent = %(max_share_percent)s, state = %(state)s "
        "where merchant_id = %(merchant_id)s and offer_id = %(offer_id)s",
        offer_id=offer_id, state=state, **msgspec.to_builtins(terms),
    )  # fmt: skip
    return await queries.get_offer(tx, offer_id)


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Give this offer to that member; `key` is permanent: the same key gives once."""

    offer_id: int
    member_id: int
    key: str


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a grant; `repeated` when the key was granted before."""

    grant_id: int
    points: int
    value_fen: int
    expires_at: datetime
    repeated: bool = False


async def grant(tx: Tx, grants: Sequence[Grant], at: datetime) -> list[Granted]:
    """Give offers to many members at once; repeatable by key. Refuses an unknown offer and one that has ended."""
    if not grants:
        return []
    rows = {row.offer_id: row for row in await tx.rows(
        "select offer_id, name, points, value_fen, max_share_percent, valid_for, state from offer "
        "where merchant_id = %(merchant_id)s and offer_id = any(%(ids)s::bigint[]) for share",
        ids=sorted({wanted.offer_id for wanted in grants}),
    )}  # fmt: skip
    known = await _granted(tx, [wanted.key for wanted in grants])
    fresh = list({wanted.key: wanted for wanted in grants if wanted.key not in known}.values())
    for wanted in fresh:
        if wanted.offer_id not in rows:
            raise errors.NotFound(what="offer", what_zh="积分抵现")
        if rows[wanted.offer_id].state != "live":
            raise OfferEnded(name=rows[wanted.offer_id].name)
    zone = (await tenancy.get_merchant(tx)).zone
    ends = {offer_id: durations.end(row.valid_for, at, zone) for offer_id, row in rows.items()}
    ids = await tx.fresh_ids(len(fresh))
    for wanted, grant_id in zip(fresh, ids, strict=True):
        offer, expires_at = rows[wanted.offer_id], ends[wanted.offer_id]
        assert expires_at is not None, "an offer without an end cannot be made"
        known[wanted.key] = Granted(
            grant_id=grant_id, points=offer.points, value_fen=offer.value_fen, expires_at=expires_at
        )
    await tx.insert(models.OfferGrant, [_row(wanted, known[wanted.key], rows, at) for wanted in fresh])
    if fresh:
        tx.announce(OffersGranted(grant_ids=ids))
    return [known[wanted.key] for wanted in grants]


def _row(wanted: Grant, given: Granted, offers: dict, at: datetime) -> dict[str, object]:
    return {
        "grant_id": given.grant_id, "offer_id": wanted.offer_id, "member_id": wanted.member_id, "points": given.points,
        "value_fen": given.value_fen, "max_share_percent": offers[wanted.offer_id].max_share_percent,
        "key": wanted.key, "granted_at": at, "expires_at": given.expires_at,
    }  # fmt: skip


async def _granted(tx: Tx, keys: Sequence[str]) -> dict[str, Granted]:
    rows = await tx.rows(
        "select key, grant_id, points, value_fen, expires_at from offer_grant "
        "where merchant_id = %(merchant_id)s and key = any(%(keys)s::text[])",
        keys=list(keys),
    )
    return {
        row.key: Granted(
            grant_id=row.grant_id, points=row.points, value_fen=row.value_fen, expires_at=row.expires_at, repeated=True
        )
        for row in rows
    }


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """This granted offer pays for a part of that order, at the moment the order occurred."""

    grant_id: int
    order_id: int
    at: datetime


async def use(tx: Tx, uses: Sequence[Use]) -> None:
    """Mark granted offers as used by orders, in one statement; repeating it changes nothing.

    Refuses all when one of them was used by another order. Whether it had run out was asked by `find_usable`, under the
    lock of the members' accounts.
    """
    if not uses:
        return
    moved = await tx.run(
        "update offer_grant g set used_at = coalesce(g.used_at, r.at), order_id = r.order_id "
        "from json_to_recordset(%(rows)s) as r(grant_id bigint, order_id bigint, at timestamptz) "
        "where g.merchant_id = %(merchant_id)s and g.grant_id = r.grant_id "
        "and (g.used_at is null or g.order_id = r.order_id)",
        rows=msgspec.json.encode(uses).decode(),
    )
    if moved != len(uses):
        raise OfferGone(field="points_spent")
    tx.announce(OffersUsed(grant_ids=[used.grant_id for used in uses]))


async def withdraw(tx: Tx, keys: Sequence[str], at: datetime) -> set[str]:
    """End the unused grants of these keys at `at`, in one statement; repeatable. Answers which keys cannot be used any more.

    A grant that paid for an order stays as it is; unknown keys are left out.
    """
    rows = await tx.rows(
        "update offer_grant set expires_at = least(expires_at, %(at)s) where merchant_id = %(merchant_id)s "
        "and key = any(%(keys)s::text[]) and used_at is null returning key",
        keys=list(keys), at=at,
    )  # fmt: skip
    return {row.key for row in rows}


async def give_back(tx: Tx, order_ids: Sequence[int], at: datetime) -> list[int]:
    """Make the offers of fully refunded orders usable again, unless they have run out meanwhile; repeatable.

    Answers which grants came back. The caller gives only orders that count as no order any more.
    """
    rows = await tx.rows(
        "update offer_grant set used_at = null, order_id = null where merchant_id = %(merchant_id)s "
        "and order_id = any(%(orders)s::bigint[]) and expires_at > %(at)s returning grant_id",
        orders=list(order_ids), at=at,
    )  # fmt: skip
    returned = sorted(row.grant_id for row in rows)
    if returned:
        tx.announce(OffersReturned(grant_ids=returned))
    return returned
