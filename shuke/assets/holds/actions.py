"""Verbs: setting points aside under a key of the caller, turning them into spending, giving them back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from shuke.assets import points
from shuke.assets.holds import policy
from shuke.assets.points import POINTS
from shuke.ground import members
from shuke.kit import errors, jobs
from shuke.kit.db import Tx


class NothingToHold(errors.Refused):
    """A hold sets at least 1 point aside."""

    code = "hold_amount"
    http_status = 422
    zh = "冻结的积分至少为 1。"
    cure = "Give a whole number from 1."
    cure_zh = "请填 1 或更大的整数。"


class HeldDifferently(errors.Refused):
    """The key "{key}" was used before for another member, wallet or number of points."""

    code = "hold_key_reused"
    zh = "编号「{key}」已经用过，会员、账本单位或积分不一样。"
    cure = "Use a fresh key for another hold."
    cure_zh = "另一次冻结请换一个编号。"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What to set aside, for how long and what for. `key` makes it repeatable for ever."""

    member_id: int
    points: int
    key: str
    note: str = ""
    seconds: int | None = None
    wallet: str = POINTS


_REFUSALS: dict[str, type[errors.Refused]] = {
    kind.code: kind for kind in (points.NotEnoughPoints, points.NoSuchHold, points.HoldEnded)
}


async def hold(tx: Tx, wish: Wish, at: datetime) -> points.HoldShape:
    """Set points aside from the lots that run out first; the same key is held once and answers what became of it.

    Ends by itself; the sweep is woken for then. Refuses more than is usable, an unfit time, and the key of another hold.
    """
    points.known_wallet(wish.wallet)
    if wish.points < 1:
        raise NothingToHold(field="points")
    ends = policy.until(at, wish.seconds)
    before = await points.find_hold(tx, at, key=wish.key)
    if before is None:
        why = {"kind": "hold", "note": wish.note[: policy.LONGEST_NOTE]}
        request = points.HoldRequest(
            member_id=wish.member_id, points=wish.points, key=wish.key, why=why, expires_at=ends
        )
        _judge(await points.hold(tx, [request], at, wish.wallet), field="points")
        await jobs.wake(tx, points.SWEEP, ends)
    found = await points.find_hold(tx, at, key=wish.key)
    assert found is not None
    if (wish.points, wish.wallet) != (found.points, found.wallet) or not await _same(
        tx, wish.member_id, found.member_id
    ):
        raise HeldDifferently(field="key", key=wish.key)
    return found


async def _same(tx: Tx, asked: int, holds: int) -> bool:
    """A hold follows its member through a merge, so that a repeat may name the number from before."""
    return asked == holds or (await members.absorbed(tx, [holds])).get(asked) == holds


async def capture(tx: Tx, key: str, at: datetime) -> points.HoldShape:
    """Turn a hold into spending; repeatable. Refuses one that is over or unknown: hold again, or give the money back."""
    return await _close(tx, key, at, points.capture)


async def release(tx: Tx, key: str, at: datetime) -> points.HoldShape:
    """Give a hold back; repeatable. Refuses one that was captured or is unknown."""
    return await _close(tx, key, at, points.release)


async def release_by_hand(tx: Tx, hold_id: int, at: datetime) -> points.HoldShape:
    """Give back a hold that staff chose from the list; otherwise as `release`."""
    found = await points.find_hold(tx, at, hold_id=hold_id)
    if found is None:
        raise points.NoSuchHold(key=str(hold_id))
    return await release(tx, found.key, at)


async def _close(
    tx: Tx, key: str, at: datetime, verb: Callable[[Tx, list[str], datetime, str], Awaitable[list[points.HoldVerdict]]]
) -> points.HoldShape:
    known = await points.find_hold(tx, at, key=key)
    if known is None:
        raise points.NoSuchHold(key=key)
    _judge(await verb(tx, [key], at, known.wallet), field=None)
    found = await points.find_hold(tx, at, key=key)
    assert found is not None
    return found


def _judge(verdicts: list[points.HoldVerdict], field: str | None) -> None:
    for verdict in verdicts:
        if verdict.refusal is not None:
            raise _REFUSALS[verdict.refusal["code"]](field=field, **verdict.refusal.get("details", {}))
