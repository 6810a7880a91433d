"""Giving: checked when it is promised, given to any number of members at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.assets.rewards.effects import Given, Reward, Taken, Wanted, kinds
from shuke.ground import members
from shuke.kit import errors
from shuke.kit.db import Tx


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """This reward for that member; `key` is permanent: the same key gives once. `why` explains it on the ledger."""

    member_id: int
    reward: Reward
    key: str
    why: dict[str, Any]
    at: datetime


async def check(tx: Tx, rewards: Sequence[Reward]) -> None:
    """Refuse rewards that could not be given now: an unknown kind, unfit parameters, an offer that is gone or ended."""
    for reward in rewards:  # as many as somebody wrote into a form
        await kinds.get(reward.kind).check(tx, kinds.parameters(reward.kind, reward.params))


async def give(tx: Tx, gifts: Sequence[Gift]) -> list[Given]:
    """Give many rewards to many members, each with its own verdict, in order; repeatable by key.

    A fixed number of statements for each kind among them. What can no longer be given (an offer that has ended) is a
    verdict `refused` with its reason, never an exception: the others are given.
    """
    verdicts: dict[int, Given] = {}
    for code, indexes in _by_kind(gifts):
        wanted = [_wanted(gifts[index]) for index in indexes]
        given = await kinds.get(code).give(tx, wanted)
        verdicts.update(zip(indexes, given, strict=True))
    return [verdicts[index] for index in range(len(gifts))]


async def take_back(tx: Tx, gifts: Sequence[Gift]) -> list[Taken]:
    """Take many gifts back, by the keys that gave them, each with its own verdict, in order; repeatable by key.

    `member_id` is who holds it now, `why` and `at` belong to the taking. A fixed number of statements for each kind.
    What was never given is `absent`; what was used up and cannot be owed is `kept`.
    """
    verdicts: dict[int, Taken] = {}
    for code, indexes in _by_kind(gifts):
        taken = await kinds.get(code).take_back(tx, [_wanted(gifts[index]) for index in indexes])
        verdicts.update(zip(indexes, taken, strict=True))
    return [verdicts[index] for index in range(len(gifts))]


def _by_kind(gifts: Sequence[Gift]) -> list[tuple[str, list[int]]]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, gift in enumerate(gifts):
        found[gift.reward.kind].append(index)
    return sorted(found.items())


def _wanted(gift: Gift) -> Wanted:
    params = kinds.parameters(gift.reward.kind, gift.reward.params)
    return Wanted(member_id=gift.member_id, params=params, key=gift.key, why=gift.why, at=gift.at)


class NothingToCollect(errors.Refused):
    """There is no such prize waiting for the member."""

    code = "nothing_to_collect"
    zh = "没有等着领取的这样奖品。"
    cure = "Load the page again: somebody may have handed it over already."
    cure_zh = "请刷新页面，可能已经领走了。"


async def collect(tx: Tx, member_id: int, key: str, at: datetime, by: str) -> str:
    """Note that goods were handed over; once. The name of the prize; refuses what is not waiting for this member."""
    prize = await tx.value(
        "update prize_won w set state = 'collected', collected_at = %(at)s, collected_by = %(by)s "
        "where w.merchant_id = %(merchant_id)s and w.member_id = %(member_id)s and w.key = %(key)s and w.state = 'waiting' "
        "returning w.prize",
        member_id=member_id, key=key, at=at, by=by,
    )  # fmt: skip
    if prize is None:
        raise NothingToCollect(field="key")
    return str(prize)


ROOM = "rewards"
_TO_HEIR = """
update prize_won set member_id = %(into_id)s where merchant_id = %(merchant_id)s and member_id = %(member_id)s returning key
"""
_BACK = """
update prize_won set member_id = %(member_id)s where merchant_id = %(merchant_id)s and member_id = %(into_id)s
  and key = any(%(keys)s::text[])
"""


async def merge_prizes(tx: Tx, merges: Sequence[tuple[int, int, int]]) -> None:
    """What each (merge, member, heir) has won belongs to the heir; repeatable, and kept with the merge for parting."""
    for merge_id, member_id, into_id in merges:  # a person merges members one at a time
        moved = await tx.rows(_TO_HEIR, member_id=member_id, into_id=into_id)
        if moved:
            await members.keep_moved(tx, ROOM, [(merge_id, [row.key for row in moved])])


async def part_prizes(tx: Tx, merges: Sequence[tuple[int, int, int]]) -> None:
    """What a merge brought along goes back, fetched or not; what the heir won since stays theirs. Repeatable."""
    moved = await members.moved_by(tx, ROOM, [merge_id for merge_id, _, _ in merges])
    for merge_id, member_id, into_id in merges:
        await tx.run(_BACK, member_id=member_id, into_id=into_id, keys=moved.get(merge_id, []))
