"""Verbs: giving points to another member, and the caps of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from shuke.assets import points
from shuke.assets.transfers import models, policy, queries
from shuke.ground import tenancy
from shuke.kit import clock, errors
from shuke.kit.db import Tx

_KNOWN = """
select key, transfer_id, from_id, to_id, wallet, points from transfer
where merchant_id = %(merchant_id)s and key = any(%(keys)s::text[])
"""
_GIVEN = """
select from_id, coalesce(sum(points) filter (where day = %(day)s), 0)::bigint as day, sum(points)::bigint as month
from transfer where merchant_id = %(merchant_id)s and from_id = any(%(members)s::bigint[]) and wallet = %(wallet)s
  and day >= %(month)s and day <= %(day)s group by 1
"""


class KeyReused(errors.Refused):
    """This transfer was booked before between other members or with another number."""

    code = "transfer_key_reused"
    http_status = 422
    zh = "这个编号的转赠已经入账，会员或数量不一样。"
    cure = "Use a fresh key for another transfer."
    cure_zh = "另一次转赠请换一个编号。"


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """So many points from one member to another. `key` makes it repeatable; `by` is who carried it out, if staff did."""

    from_id: int
    to_id: int
    points: int
    key: str
    note: str = ""
    by: str = ""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one gift: done now, repeated (it was so before), or refused with the reason."""

    key: str
    state: Literal["done", "repeated", "refused"]
    transfer_id: int | None = None
    refusal: dict[str, Any] | None = None


async def transfer(tx: Tx, gifts: Sequence[Gift], at: datetime, wallet: str = points.POINTS) -> list[Given]:
    """Move points between members, each with its own verdict, in order; repeatable by key; a fixed number of statements.

    Lots keep when they were earned, begin and run out. Accounts are locked in the order of the members' numbers, so that
    crossing transfers wait for each other. Refuses more than is usable, more than a cap leaves, and oneself.
    """
    kind = points.known_wallet(wallet)
    merchant = await tenancy.get_merchant(tx)
    day = clock.business_date(at, merchant.zone, merchant.day_start_minutes)
    people = {member for gift in gifts for member in (gift.from_id, gift.to_id)}
    givers = sorted({gift.from_id for gift in gifts})
    book = await points.open_book(tx, people, at=at, lots_of=people, wallet=wallet)
    known = {row.key: _Booked(*row[1:]) for row in await tx.rows(_KNOWN, keys=[gift.key for gift in gifts])}
    asked = {"members": givers, "wallet": wallet, "day": day, "month": policy.month_of(day)}
    given = {row.from_id: policy.Given(row.day, row.month) for row in await tx.rows(_GIVEN, **asked)}
    ids = await tx.fresh_ids(len(gifts))
    lots = sum(len(account.lots or ()) for account in book.accounts.values())
    await tx.ids.ensure(len(gifts) * (lots + len(gifts) + 2))
    folding = _Folding(book, await queries.caps(tx), given, kind, known)
    verdicts, rows = [], []
    for gift, transfer_id in zip(gifts, ids, strict=True):
        verdict = folding.one(gift, transfer_id)
        verdicts.append(verdict)
        if verdict.state == "done":
            row = {"transfer_id": transfer_id, "wallet": wallet, "day": day, "at": at, **msgspec.structs.asdict(gift)}
            rows.append(row | {"note": gift.note[: policy.LONGEST_NOTE]})
    await tx.insert(models.Transfer, rows)
    points.store(tx, book)
    return verdicts


class _Booked(msgspec.Struct, frozen=True):
    transfer_id: int
    from_id: int
    to_id: int
    wallet: str
    points: int


class _Folding:
    """One batch under the lock of all its accounts."""

    def __init__(
        self, book: points.Book, caps: policy.Caps, given: dict[int, policy.Given], kind: points.Wallet,
        known: dict[str, _Booked],
    ) -> None:  # fmt: skip
        self._book, self._caps, self._given, self._kind, self._known = book, caps, given, kind, known

    def one(self, gift: Gift, transfer_id: int) -> Given:
        before = self._known.get(gift.key)
        try:
            if before is not None:
                return self._again(gift, before)
            self._move(gift)
        except errors.Refused as refusal:
            return Given(key=gift.key, state="refused", refusal=refusal.body())
        self._known[gift.key] = _Booked(transfer_id, gift.from_id, gift.to_id, self._kind.code, gift.points)
        return Given(key=gift.key, state="done", transfer_id=transfer_id)

    def _again(self, gift: Gift, before: _Booked) -> Given:
        asked = (gift.from_id, gift.to_id, gift.points, self._kind.code)
        if (before.from_id, before.to_id, before.points, before.wallet) != asked:
            raise KeyReused(field="key")
        return Given(key=gift.key, state="repeated", transfer_id=before.transfer_id)

    def _move(self, gift: Gift) -> None:
        if not self._kind.gift:
            raise policy.NotAGift(field="wallet", name=self._kind.en, name_zh=self._kind.zh)
        if gift.points < 1:
            raise policy.WrongAmount(field="points")
        if gift.from_id == gift.to_id:
            raise policy.ToOneself(field="to")
        so_far = self._given.setdefault(gift.from_id, policy.Given())
        policy.within(self._caps, so_far, gift.points)
        why = {"kind": "transfer", "from": gift.from_id, "to": gift.to_id, "note": gift.note[: policy.LONGEST_NOTE]}
        out, into = (
            points.Cause(f"transfer:{gift.key}:{side}", why, self._book.now) for side in ("out", "in")
        )  # the pair nets to zero
        self._book.transfer(gift.from_id, gift.to_id, gift.points, out, into, wallet=self._kind.code)
        so_far.day += gift.points
        so_far.month += gift.points


_REFUSALS: dict[str, type[errors.Refused]] = {
    kind.code: kind
    for kind in (
        points.NotEnoughPoints,
        policy.OverCap,
        policy.ToOneself,
        policy.WrongAmount,
        policy.NotAGift,
        KeyReused,
    )
}


async def give(tx: Tx, gift: Gift, at: datetime, wallet: str = points.POINTS) -> Given:
    """One transfer, raising what it is refused for; otherwise as `transfer`."""
    (verdict,) = await transfer(tx, [gift], at, wallet)
    if verdict.refusal is not None:
        told = verdict.refusal
        raise _REFUSALS[told["code"]](field=told.get("field"), **told.get("details", {}))
    return verdict


async def set_caps(tx: Tx, caps: policy.Caps) -> None:
    """Set the most that one member may give per day and month; holds from now on."""
    merchant = await tenancy.get_merchant(tx)
    await tenancy.change_merchant(tx, settings=merchant.settings | {"transfers": msgspec.to_builtins(caps)})
