"""Questions about the tree: who brought a member, and whom that member brought."""

from __future__ import annotations

import msgspec

from shuke.ground import members
from shuke.kit.db import Tx
from shuke.programs.referrals.queries import relations

MOST_FRIENDS = 200
MOST_UP = 20


class Above(msgspec.Struct, frozen=True, kw_only=True):
    """A member in the chain above."""

    member_id: int
    name: str


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """A friend in the tree; `friends` is how many they brought themselves."""

    member_id: int
    name: str
    state: str
    review: str
    how: str
    occurred_at: object
    friends: int


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands above a member, the first of all first, and the friends they brought, the latest first."""

    above: list[Above]
    friends: list[Branch]
    counts: dict[str, int]
    below: int


_DOWN = """
with recursive down as (
    select r.friend_id, 1 as deep, array[-r.referral_id] as way from referral r
    where r.merchant_id = %(merchant_id)s and r.state <> 'void' and r.referrer_id = %(id)s
    union all
    select r.friend_id, down.deep + 1, down.way || -r.referral_id from down join referral r
    on r.merchant_id = %(merchant_id)s and r.state <> 'void' and r.referrer_id = down.friend_id where down.deep < 50
)"""
_BELOW = f"{_DOWN} select count(*) from (select 1 from down limit 100000) n"
_BROUGHT = """
select referrer_id, count(*)::bigint as n from referral where merchant_id = %(merchant_id)s and state <> 'void'
    and referrer_id = any(%(ids)s::bigint[]) group by referrer_id
"""


async def tree(tx: Tx, member_id: int) -> Tree:
    """The tree around a member, in a fixed number of statements; relations that are void are not in it."""
    up = await relations.parents(tx, [member_id])
    chain: list[int] = []
    at = up.get(member_id)
    while at is not None and at not in chain:
        chain.append(at)
        at = up.get(at)
    found = [one for one in await relations.of_referrer(tx, member_id, MOST_FRIENDS) if one.state != "void"]
    rows = await tx.rows(_BROUGHT, ids=[one.friend_id for one in found])
    brought = {row.referrer_id: int(row.n) for row in rows}
    names = {n: one.name for n, one in (await members.names(tx, {*chain, *(f.friend_id for f in found)})).items()}
    return Tree(
        above=[Above(member_id=number, name=names.get(number, "")) for number in reversed(chain[:MOST_UP])],
        friends=[
            Branch(
                member_id=one.friend_id, name=names.get(one.friend_id, ""), state=one.state, review=one.review,
                how=one.how, occurred_at=one.occurred_at, friends=brought.get(one.friend_id, 0),
            )
            for one in found
        ],
        counts=await relations.counts(tx, member_id),
        below=int(await tx.value(_BELOW, id=member_id) or 0),
    )  # fmt: skip


async def below(tx: Tx, member_id: int) -> list[tuple[int, int]]:
    """(friend, how far down) of everybody below a member, branch by branch, at most a hundred thousand; one statement."""
    rows = await tx.rows(f"{_DOWN} select friend_id, deep from down order by way limit 100000", id=member_id)
    return [(row.friend_id, row.deep) for row in rows]
