"""What every kind of reward offers: its words, its check before it is promised, and giving it to many members at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Protocol

import msgspec
from msgspec import Meta

from shuke.assets import points
from shuke.ground import tenancy
from shuke.kit import durations
from shuke.kit.db import Tx
from shuke.kit.kinds import Kind


class Reward(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is promised: its kind and that kind's parameters."""

    kind: str
    params: dict[str, Any]


Rewards = Annotated[list[Reward], Meta(max_length=5)]
"""What one thing may bring."""
SomeRewards = Annotated[list[Reward], Meta(min_length=1, max_length=5)]
"""The same where nothing would make no sense."""


def of_points(count: int) -> list[Reward]:
    """So many points and nothing else."""
    return [Reward(kind="points", params={"points": count})]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One thing for one member, as a kind gets it: typed parameters and a key of its own."""

    member_id: int
    params: Any
    key: str
    why: dict[str, Any]
    at: datetime


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a gift. `detail` says what it was; of `refused`, the code and the words of the reason."""

    state: Literal["given", "repeated", "refused"]
    kind: str
    detail: dict[str, Any]


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of taking a gift back: taken, repeated, absent (never given), or kept (it was used up)."""

    state: Literal["taken", "repeated", "absent", "kept"]
    kind: str
    detail: dict[str, Any] = {}


class RewardKind(Kind, Protocol):
    """One thing that can be given."""

    example: ClassVar[dict[str, Any]]

    async def check(self, tx: Tx, params: Any) -> None:
        """Refuse what could not be given when it is promised."""
        ...

    async def give(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Given]:
        """Give to all, in a fixed number of statements; the same key gives once; what cannot be given is a verdict."""
        ...

    async def take_back(self, tx: Tx, wanted: Sequence[Wanted]) -> list[Taken]:
        """Take back what these keys gave, in a fixed number of statements; once per key."""
        ...


async def give_by_ledger(
    tx: Tx, kind: str, wanted: Sequence[Wanted], amounts: Sequence[int], wallet: str
) -> list[Given]:
    """Book these amounts in a wallet, each valid from its own instant in the merchant's zone; once per key."""
    zone = (await tenancy.get_merchant(tx)).zone
    postings = [
        points.Posting(
            member_id=one.member_id, points=amount, type="bonus", key=one.key, why=one.why, occurred_at=one.at,
            expires_at=durations.end(one.params.valid_for, one.at, zone),
        )
        for one, amount in zip(wanted, amounts, strict=True)
    ]  # fmt: skip
    verdicts = await points.post(tx, postings, wallet=wallet)
    return [_booked(kind, verdict, amount) for verdict, amount in zip(verdicts, amounts, strict=True)]


def _booked(kind: str, verdict: points.Verdict, amount: int) -> Given:
    if verdict.state == "refused":
        return Given(state="refused", kind=kind, detail=verdict.refusal or {})
    detail = {"amount": amount, "entry_id": verdict.entry_id}
    return Given(state="repeated" if verdict.state == "repeated" else "given", kind=kind, detail=detail)


async def take_from_ledger(
    tx: Tx, kind: str, wanted: Sequence[Wanted], amounts: Sequence[int], wallet: str
) -> list[Taken]:
    """Take back what these keys booked in a wallet: from the gift's own lot, then from others, the rest becomes debt.

    The member is who holds it now, also where the gift went to one merged into them since. Once per key.
    """
    owners = {one.member_id for one in wanted}
    now = max((one.at for one in wanted), default=None)
    book = await points.open_book(tx, owners, at=now, lots_of=owners, wallet=wallet)
    known = await points.booked(tx, [key for one in wanted for key in (one.key, _undone(one.key))])
    await tx.ids.ensure(len(wanted))
    taken = []
    for one, amount in zip(wanted, amounts, strict=True):
        entry_id, undo = known.get(one.key), _undone(one.key)
        if entry_id is None or undo in known:
            taken.append(Taken(state="absent" if entry_id is None else "repeated", kind=kind))
            continue
        cause = points.Cause(undo, one.why, one.at, of_entry_id=entry_id)
        back = book.take_back(one.member_id, amount, cause, own_entry=entry_id, wallet=wallet)
        known[undo] = entry_id
        taken.append(Taken(state="taken", kind=kind, detail={"amount": amount, "debt": back.debt}))
    points.store(tx, book)
    return taken


def _undone(key: str) -> str:
    return f"{key}:back"
