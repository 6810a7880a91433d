"""Holds: points set aside for a while, then captured or released."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from shuke.assets.points import models
from shuke.assets.points.actions.posting import open_asking, store
from shuke.assets.points.events import PointsHeld
from shuke.assets.points.policy import POINTS, Cause
from shuke.kit import errors
from shuke.kit.db import Tx

BY_KEY = """
select h.hold_id, h.member_id, h.points, h.key, h.state, h.lots, h.why, h.expires_at from unnest(%(keys)s::text[]) as k(key)
cross join lateral (select h.* from hold h
  where h.merchant_id = %(merchant_id)s and h.key >= k.key order by h.key limit 1) h
where h.key = k.key and h.wallet = %(wallet)s
"""
_MOVE = """
update hold h set state = %(state)s, closed_at = %(at)s
where h.merchant_id = %(merchant_id)s and h.hold_id = any(%(holds)s::bigint[])
"""


class NoSuchHold(errors.NotFound):
    """There is no hold "{key}"."""

    code = "no_such_hold"
    zh = "没有冻结「{key}」。"


class HoldEnded(errors.Refused):
    """The hold "{key}" is over ({state})."""

    code = "hold_ended"
    zh = "冻结「{key}」已经结束（{state}）。"
    cure = "Hold the points again, or refund the payment."
    cure_zh = "请重新冻结积分，或把款退回。"


class HoldRequest(msgspec.Struct, frozen=True, kw_only=True):
    """So many points of a member set aside until `expires_at`. `key` makes it repeatable."""

    member_id: int
    points: int
    key: str
    why: dict[str, Any]
    expires_at: datetime


class HoldVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one hold: done now, repeated (it was so before), or refused with the reason."""

    key: str
    state: Literal["done", "repeated", "refused"]
    refusal: dict[str, Any] | None = None


async def hold(tx: Tx, requests: Sequence[HoldRequest], at: datetime, wallet: str = POINTS) -> list[HoldVerdict]:
    """Set points aside from the lots that run out first; each with its own verdict; repeatable by key."""
    asked: dict[int, int] = defaultdict(int)
    for request in requests:
        asked[request.member_id] += request.points
    keys = (BY_KEY, {"wallet": wallet, "keys": [request.key for request in requests]})
    book, [known_rows] = await open_asking(tx, asked, keys, at=at, lots_of=asked, wallet=wallet, enough=asked)
    known = {row.key for row in known_rows}
    ids = await tx.fresh_ids(len(requests))
    verdicts, rows, aside = [], [], []
    for request, hold_id in zip(requests, ids, strict=True):
        if request.key in known:
            verdicts.append(HoldVerdict(key=request.key, state="repeated"))
            continue
        until = request.expires_at.replace(microsecond=0)
        try:
            pinned = book.pin(request.member_id, request.points, until, wallet=wallet)
        except errors.Refused as refusal:
            verdicts.append(HoldVerdict(key=request.key, state="refused", refusal=refusal.body()))
            continue
        known.add(request.key)
        aside += [(request.member_id, lot, -part, at) for lot, part in pinned]
        verdicts.append(HoldVerdict(key=request.key, state="done"))
        rows.append(
            {
                "hold_id": hold_id, "member_id": request.member_id, "wallet": wallet, "points": request.points,
                "key": request.key, "state": "open", "lots": pinned, "why": request.why, "created_at": at,
                "expires_at": until,
            }
        )  # fmt: skip
    if rows:
        tx.ahead(tx.insertion(models.Hold, rows))
    tell_held(tx, aside)
    store(tx, book)
    return verdicts


async def capture(tx: Tx, keys: Sequence[str], at: datetime, wallet: str = POINTS) -> list[HoldVerdict]:
    """Turn holds into spending, from exactly the lots they pinned; repeatable. Refuses one that is over or unknown."""
    return await _close(tx, keys, at, wallet, "captured")


async def release(tx: Tx, keys: Sequence[str], at: datetime, wallet: str = POINTS) -> list[HoldVerdict]:
    """Give holds back; repeatable. Refuses one that was captured or is unknown."""
    return await _close(tx, keys, at, wallet, "released")


async def _close(
    tx: Tx, keys: Sequence[str], at: datetime, wallet: str, goal: Literal["captured", "released"]
) -> list[HoldVerdict]:
    asked = (BY_KEY, {"wallet": wallet, "keys": list(keys)})
    (found_rows,) = await tx.together(asked)
    members = {row.member_id for row in await found_rows.fetchall()}
    with_lots = members if goal == "captured" else ()
    book, [rows] = await open_asking(
        tx, members, asked, at=at, lots_of=with_lots, wallet=wallet
    )  # again, under the lock
    await tx.ids.ensure(len(keys))
    holds = {row.key: row._asdict() for row in rows}
    verdicts, moved, free = [], [], []
    for key in keys:
        found = holds.get(key)
        refusal = _refusal(key, found, at, goal)
        if refusal is not None:
            verdicts.append(HoldVerdict(key=key, state="refused", refusal=refusal.body()))
            continue
        assert found is not None
        if found["state"] == goal:
            verdicts.append(HoldVerdict(key=key, state="repeated"))
            continue
        if goal == "captured":
            cause = Cause(f"capture:{key}", {"kind": "capture", **found["why"]}, at)
            book.capture(found["member_id"], found["lots"], cause, wallet=wallet)
        else:
            book.unpin(found["member_id"], found["points"], wallet=wallet)
        found["state"] = goal
        moved.append(found["hold_id"])
        free += [(found["member_id"], lot, part, at) for lot, part in found["lots"]]
        verdicts.append(HoldVerdict(key=key, state="done"))
    tx.ahead((_MOVE, {"holds": moved, "state": goal, "at": at}))
    tell_held(tx, free)
    store(tx, book)
    return verdicts


def tell_held(tx: Tx, parts: list[tuple[int, int, int, datetime]]) -> None:
    """Announce what holds took from what is free in lots (−), or gave back (+); a capture gives back what it then spends."""
    if parts:
        tx.announce(PointsHeld(parts=parts))


def _refusal(key: str, found: dict[str, Any] | None, at: datetime, goal: str) -> errors.Refused | None:
    if found is None:
        return NoSuchHold(key=key)
    if found["state"] == goal:
        return None
    if found["state"] != "open":
        return HoldEnded(key=key, state=found["state"])
    if goal == "captured" and found["expires_at"] <= at:
        return HoldEnded(key=key, state="timed out")
    return None
