"""The verbs that follow merges of members, and their undoing: codes, devices and relations belong to the heir, or again apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shuke.ground import members
from shuke.kit.db import Tx
from shuke.programs.referrals.actions import settling
from shuke.programs.referrals.policy import relation as policy
from shuke.programs.referrals.policy.relation import Relation
from shuke.programs.referrals.queries import relations

ROOM = "referrals"
_OWN = "update {0} set {1} = %(to)s where merchant_id = %(merchant_id)s and {1} = %(from)s"
_OWNED = (("referral_code", "member_id"), ("referral", "referrer_id"), ("referral", "friend_id"))
_APART = "update {0} set {1} = %(member_id)s where merchant_id = %(merchant_id)s and {2} = any(%(were)s::bigint[])"
_PARTED = (
    ("referral_code", "member_id", "issued_to"), ("referral", "friend_id", "friend_was"),
    ("referral", "referrer_id", "referrer_was"),
)  # fmt: skip
_DEVICES = """
with gone as (
    delete from referral_device where merchant_id = %(merchant_id)s and member_id = %(from)s
        and (%(only)s::text[] is null or device = any(%(only)s::text[])) returning device, seen_at
), put as (
    insert into referral_device (merchant_id, device, member_id, seen_at)
    select %(merchant_id)s, device, %(to)s, seen_at from gone on conflict do nothing returning device
)
select g.device, exists (select from put p where p.device = g.device) as fresh, g.seen_at from gone g
"""
_VOID = """
update referral set state = 'void', reason = %(reason)s where merchant_id = %(merchant_id)s
    and referral_id = any(%(numbers)s::bigint[])
"""
_RANK = {"waiting": 0, "ordered": 1, "refused": 2, "taken_back": 3, "rewarded": 4}


async def merge_relations(tx: Tx, member_id: int, into_id: int, at: datetime, merge_id: int = 0) -> None:
    """What the merged member brought, and who brought them, belongs to the heir; repeatable.

    Of two referrers the one that is further stays, then the first; the other becomes void, and what it gave is taken back.
    So does a relation of a person with themselves, and the heir's own where the merge closed a ring.
    """
    if await members.moved_by(tx, ROOM, [merge_id]):
        return
    await settling.queue(tx)
    pair = {"from": member_id, "to": into_id}
    devices = await tx.rows(_DEVICES, **pair, only=None)
    both = [one for one in await relations.of_friends(tx, [member_id, into_id]) if one.state != "void"]
    kept = max(both, key=lambda one: (_RANK[one.state], -one.referral_id), default=None)
    gone = [one for one in both if one is not kept]
    await _void(tx, gone, "referred_before", at)
    for owned in _OWNED:
        await tx.run(_OWN.format(*owned), **pair)
    mine = [one for one in await relations.of_friends(tx, [into_id]) if one.state != "void"]
    parents = await relations.parents(tx, [into_id])
    if mine and policy.is_ring(into_id, mine[0].referrer_id, parents):
        await _void(tx, mine, "merged", at)
        gone += mine
    elif mine and mine[0].state in policy.OPEN:
        await settling.consider(tx, [mine[0].referral_id], at)
    moved = {
        "voided": [[one.referral_id, one.state, one.reason] for one in gone],
        "devices": [[row.device, row.fresh, row.seen_at] for row in devices],
    }
    await members.keep_moved(tx, ROOM, [(merge_id, msgspec.to_builtins(moved))])


async def _void(tx: Tx, gone: Sequence[Relation], because: str, at: datetime) -> None:
    """These count no more; what was given is taken back."""
    if not gone:
        return
    held = await settling.lock(tx, [one.referral_id for one in gone], at)
    await settling.take_back(tx, [one for one in held if one.state == "rewarded"], "void", because, at)
    if held:
        await tx.run(_VOID, numbers=[one.referral_id for one in held], reason=because)


_KNOWN_AGAIN = """
insert into referral_device (merchant_id, device, member_id, seen_at)
select %(merchant_id)s, device, %(to)s, %(at)s from unnest(%(devices)s::text[]) device on conflict do nothing
"""
_LIVE = """
update referral set state = %(state)s, reason = %(reason)s where merchant_id = %(merchant_id)s and referral_id = %(number)s
"""
# A new row, so that what is given again has keys of its own; the void one stays as it was.
_ANEW = """
insert into referral (merchant_id, referral_id, friend_id, referrer_id, friend_was, referrer_was, how, code, version, flags,
    review, decided_by, decided_at, occurred_at, recorded_at)
select merchant_id, %(fresh)s, friend_id, referrer_id, friend_was, referrer_was, how, code, version, flags,
    review, decided_by, decided_at, occurred_at, recorded_at
from referral where merchant_id = %(merchant_id)s and referral_id = %(number)s
"""


async def split_relations(tx: Tx, member_id: int, into_id: int, at: datetime, merge_id: int) -> None:
    """After a merge was undone: codes, devices and relations are theirs for whom they were noted; repeatable.

    What became void only by the merge stands again, unless another referrer or a ring came in between; rewards that were
    taken back for it are given again when its orders still deserve them.
    """
    were = [member_id, *await members.absorbed(tx, [member_id])]
    await settling.queue(tx)
    for parted in _PARTED:
        await tx.run(_APART.format(*parted), member_id=member_id, were=were)
    moved = (await members.moved_by(tx, ROOM, [merge_id])).get(merge_id)
    if not moved:
        return
    fresh = [device for device, new, _ in moved["devices"] if new]
    await tx.rows(_DEVICES, **{"from": into_id, "to": member_id}, only=fresh)
    shared = [device for device, new, _ in moved["devices"] if not new]
    await tx.run(_KNOWN_AGAIN, to=member_id, devices=shared, at=at)
    for number, state, reason in moved["voided"]:
        await _restore(tx, (number, state, reason), at)
    await members.keep_moved(tx, ROOM, [(merge_id, {})])


async def _restore(tx: Tx, voided: tuple[int, str, str], at: datetime) -> None:
    number, state, reason = voided
    [one] = await relations.by_number(tx, [number])
    parents = await relations.parents(tx, [one.friend_id, one.referrer_id])
    if one.friend_id in parents or policy.is_ring(one.friend_id, one.referrer_id, parents):
        return
    if state == "rewarded":
        [fresh] = await tx.fresh_ids(1)
        await tx.run(_ANEW, number=number, fresh=fresh)
        number = fresh
    else:
        await tx.run(_LIVE, number=number, state=state, reason=reason)
    await settling.consider(tx, [number], at)
