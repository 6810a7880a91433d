"""Giving: checked when it is promised, given to any number of members at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.assets.rewards.effects import Given, Reward, Taken, Wanted, kinds
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
