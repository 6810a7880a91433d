"""Questions about relations: those of members, what waits for a person, the tree, and what is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.ground import members
from shuke.kit import paging
from shuke.kit.db import Tx
from shuke.programs.referrals.policy.relation import Relation

MOST_DEEP = 1_000
_COLUMNS = (
    "referral_id, friend_id, referrer_id, how, code, version, flags, review, state, reason, order_id, order_at, due_at, "
    "settled_at, capped, occurred_at, recorded_at"
)
_OPEN = "state in ('waiting', 'ordered')"
_WAITS = f"review = 'waiting' and {_OPEN}"
_ALL = f"select {_COLUMNS} from referral where merchant_id = %(merchant_id)s"


def _relation(row: Any) -> Relation:
    return Relation(**row._asdict())


async def by_number(tx: Tx, numbers: Iterable[int], *, lock: bool = False) -> list[Relation]:
    """These relations; with `lock` nobody else changes them until the commit."""
    suffix = " order by referral_id" + (" for update" if lock else "")
    rows = await tx.rows(f"{_ALL} and referral_id = any(%(numbers)s::bigint[]){suffix}", numbers=sorted(set(numbers)))
    return [_relation(row) for row in rows]


async def of_friends(tx: Tx, member_ids: Iterable[int]) -> list[Relation]:
    """All relations by which these members were brought in, void ones too, the oldest first."""
    rows = await tx.rows(f"{_ALL} and friend_id = any(%(ids)s::bigint[]) order by referral_id", ids=list(member_ids))
    return [_relation(row) for row in rows]


async def of_orders(tx: Tx, order_ids: Iterable[int]) -> list[Relation]:
    """The relations for which these orders count."""
    rows = await tx.rows(f"{_ALL} and order_id = any(%(ids)s::bigint[]) order by referral_id", ids=list(order_ids))
    return [_relation(row) for row in rows]


async def any_open(tx: Tx) -> bool:
    """Whether anything at all waits for orders or time here; so that merchants without referrals pay nothing for them."""
    return bool(await tx.value(f"select 1 from referral where merchant_id = %(merchant_id)s and {_OPEN} limit 1"))


_DUE = "state = 'ordered' and review in ('none', 'accepted')"


async def due(tx: Tx, at: datetime, limit: int) -> list[int]:
    """Numbers of relations whose return window has passed, the longest over first."""
    rows = await tx.rows(
        f"select referral_id from referral where merchant_id = %(merchant_id)s and {_DUE} and due_at <= %(at)s "
        "order by due_at, referral_id limit %(limit)s",
        at=at, limit=limit,
    )  # fmt: skip
    return [row.referral_id for row in rows]


async def next_due(tx: Tx) -> datetime | None:
    """When the next return window passes."""
    found: datetime | None = await tx.value(
        f"select min(due_at) from referral where merchant_id = %(merchant_id)s and {_DUE}"
    )
    return found


_PARENTS = """
with recursive up as (
    select r.friend_id, r.referrer_id, 1 as deep from referral r
    where r.merchant_id = %(merchant_id)s and r.state <> 'void' and r.friend_id = any(%(ids)s::bigint[])
    union all
    select r.friend_id, r.referrer_id, up.deep + 1 from up join referral r
    on r.merchant_id = %(merchant_id)s and r.state <> 'void' and r.friend_id = up.referrer_id
    where up.deep < %(most)s
)
select distinct friend_id, referrer_id from up
"""


async def parents(tx: Tx, member_ids: Iterable[int]) -> dict[int, int]:
    """Friend → referrer, for these members and everybody above them."""
    rows = await tx.rows(_PARENTS, ids=sorted(set(member_ids)), most=MOST_DEEP)
    return {row.friend_id: row.referrer_id for row in rows}


async def rewarded_counts(tx: Tx, member_ids: Iterable[int]) -> list[tuple[int, datetime]]:
    """(referrer, when) of every friend these members were rewarded for, without those beyond the caps."""
    rows = await tx.rows(
        "select referrer_id, settled_at from referral where merchant_id = %(merchant_id)s and state = 'rewarded' "
        "and not capped and referrer_id = any(%(ids)s::bigint[])",
        ids=sorted(set(member_ids)),
    )
    return [(row.referrer_id, row.settled_at) for row in rows]


async def referred_since(tx: Tx, member_ids: Iterable[int], since: datetime) -> list[tuple[int, datetime]]:
    """(referrer, when) of the friends that these members brought at `since` or later."""
    rows = await tx.rows(
        "select referrer_id, occurred_at from referral where merchant_id = %(merchant_id)s and state <> 'void' "
        "and referrer_id = any(%(ids)s::bigint[]) and occurred_at >= %(since)s",
        ids=sorted(set(member_ids)), since=since,
    )  # fmt: skip
    return [(row.referrer_id, row.occurred_at) for row in rows]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A relation as staff see it, with the names of both."""

    referral_id: int
    friend_id: int
    friend_name: str
    referrer_id: int
    referrer_name: str
    how: str
    state: str
    review: str
    flags: list[str]
    reason: str
    capped: bool
    occurred_at: datetime
    order_at: datetime | None
    due_at: datetime | None
    settled_at: datetime | None


async def shown(tx: Tx, found: Sequence[Relation]) -> list[Shown]:
    """Relations with the names of both, in one more statement."""
    known = await members.names(tx, {number for one in found for number in (one.friend_id, one.referrer_id)})
    names = {number: one.name for number, one in known.items()}
    called = [
        {"friend_name": names.get(one.friend_id, ""), "referrer_name": names.get(one.referrer_id, "")} for one in found
    ]
    return [msgspec.convert(msgspec.structs.asdict(one) | both, Shown) for one, both in zip(found, called, strict=True)]


async def list_relations(tx: Tx, cursor: str | None, limit: int, state: str | None = None) -> paging.Page:
    """All relations (of one state), the latest first."""
    after = paging.decode(cursor, 1)
    rows = await tx.rows(
        f"{_ALL} and (%(state)s::text is null or state = %(state)s) "
        "and (%(number)s::bigint is null or referral_id < %(number)s) order by referral_id desc limit %(limit)s",
        state=state, number=after[0] if after else None, limit=limit + 1,
    )  # fmt: skip
    items = await shown(tx, [_relation(row) for row in rows])
    return paging.page(items, limit, lambda one: [one.referral_id])


async def to_review(tx: Tx, cursor: str | None, limit: int) -> paging.Page:
    """What waits for a person, the oldest first."""
    after = paging.decode(cursor, 1)
    rows = await tx.rows(
        f"{_ALL} and {_WAITS} and referral_id > %(number)s order by referral_id limit %(limit)s",
        number=after[0] if after else 0, limit=limit + 1,
    )  # fmt: skip
    total = await tx.value(f"select count(*) from referral where merchant_id = %(merchant_id)s and {_WAITS}")
    items = await shown(tx, [_relation(row) for row in rows])
    return paging.page(items, limit, lambda one: [one.referral_id], total=int(total or 0))


async def of_referrer(tx: Tx, member_id: int, limit: int) -> list[Relation]:
    """The friends that a member brought, the latest first."""
    rows = await tx.rows(
        f"{_ALL} and referrer_id = %(id)s order by occurred_at desc, referral_id desc limit %(limit)s",
        id=member_id, limit=limit,
    )  # fmt: skip
    return [_relation(row) for row in rows]


async def counts(tx: Tx, member_id: int | None = None) -> dict[str, int]:
    """How many relations stand where, by state and `review` (those that wait for a person): of all, or of one member."""
    rows = await tx.rows(
        f"select state, count(*) as n, count(*) filter (where {_WAITS}) as waiting from referral "
        "where merchant_id = %(merchant_id)s and (%(id)s::bigint is null or referrer_id = %(id)s) group by state",
        id=member_id,
    )
    found = {row.state: int(row.n) for row in rows}
    return found | {"review": sum(int(row.waiting) for row in rows)}


async def any_since(tx: Tx, at: datetime) -> bool:
    """Whether anybody has brought a friend since that instant."""
    return bool(
        await tx.value(
            "select exists (select from referral where merchant_id = %(merchant_id)s and recorded_at >= %(at)s)", at=at
        )
    )
