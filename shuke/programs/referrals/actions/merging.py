"""The verbs that follow merges of members, and their undoing: codes, devices and relations belong to the heir."""

from __future__ import annotations

from datetime import datetime

from shuke.ground import members
from shuke.kit.db import Tx
from shuke.programs.referrals.actions import settling
from shuke.programs.referrals.policy import relation as policy
from shuke.programs.referrals.policy.relation import Relation
from shuke.programs.referrals.queries import relations

_CODES = """
update referral_code set member_id = %(into_id)s where merchant_id = %(merchant_id)s and member_id = %(member_id)s
"""
_DEVICES = """
insert into referral_device (merchant_id, device, member_id, seen_at)
select merchant_id, device, %(into_id)s, seen_at from referral_device
where merchant_id = %(merchant_id)s and member_id = %(member_id)s on conflict do nothing
"""
_DROP_DEVICES = "delete from referral_device where merchant_id = %(merchant_id)s and member_id = %(member_id)s"
_REFERRERS = """
update referral set referrer_id = %(into_id)s where merchant_id = %(merchant_id)s and referrer_id = %(member_id)s
"""
_FRIENDS = """
update referral set friend_id = %(into_id)s where merchant_id = %(merchant_id)s and friend_id = %(member_id)s
"""
_VOID = """
update referral set state = 'void', reason = %(reason)s where merchant_id = %(merchant_id)s
    and referral_id = any(%(numbers)s::bigint[])
"""
_RANK = {"waiting": 0, "ordered": 1, "refused": 2, "taken_back": 3, "rewarded": 4}


async def merge_relations(tx: Tx, member_id: int, into_id: int, at: datetime) -> None:
    """What the merged member brought, and who brought them, belongs to the heir; repeatable.

    Of two referrers the one that is further stays, then the first; the other becomes void, and what it gave is taken back.
    So does a relation of a person with themselves, and the heir's own where the merge closed a ring.
    """
    await settling.queue(tx)
    for sql in (_CODES, _DEVICES, _DROP_DEVICES):
        await tx.run(sql, member_id=member_id, into_id=into_id)
    both = [one for one in await relations.of_friends(tx, [member_id, into_id]) if one.state != "void"]
    kept = max(both, key=lambda one: (_RANK[one.state], -one.referral_id), default=None)
    await _void(tx, [one for one in both if one is not kept], "referred_before", at)
    for sql in (_REFERRERS, _FRIENDS):
        await tx.run(sql, member_id=member_id, into_id=into_id)
    mine = [one for one in await relations.of_friends(tx, [into_id]) if one.state != "void"]
    parents = await relations.parents(tx, [into_id])
    if mine and policy.is_ring(into_id, mine[0].referrer_id, parents):
        await _void(tx, mine, "merged", at)
    elif mine and mine[0].state in policy.OPEN:
        await settling.consider(tx, [mine[0].referral_id], at)


async def _void(tx: Tx, gone: list[Relation], because: str, at: datetime) -> None:
    """These count no more; what was given is taken back."""
    if not gone:
        return
    held = await settling.lock(tx, [one.referral_id for one in gone], at)
    await settling.take_back(tx, [one for one in held if one.state == "rewarded"], "void", because, at)
    if held:
        await tx.run(_VOID, numbers=[one.referral_id for one in held], reason=because)


_SPLIT_CODES = """
update referral_code set member_id = %(member_id)s where merchant_id = %(merchant_id)s
    and issued_to = any(%(were)s::bigint[])
"""
_SPLIT_FRIENDS = """
update referral set friend_id = %(member_id)s where merchant_id = %(merchant_id)s and friend_was = any(%(were)s::bigint[])
"""
_SPLIT_REFERRERS = """
update referral set referrer_id = %(member_id)s where merchant_id = %(merchant_id)s
    and referrer_was = any(%(were)s::bigint[])
"""


async def split_relations(tx: Tx, member_id: int) -> None:
    """After a merge was undone: the member's own code and what was noted for them are theirs again; repeatable.

    What became void by the merge stays void: its rewards were taken back. Devices stay known for both.
    """
    were = [member_id, *await members.absorbed(tx, [member_id])]
    for sql in (_SPLIT_CODES, _SPLIT_FRIENDS, _SPLIT_REFERRERS):
        await tx.run(sql, member_id=member_id, were=were)
