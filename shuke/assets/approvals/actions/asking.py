"""Verbs: asking for a large adjustment, and deciding about it."""

from __future__ import annotations

from datetime import datetime

from shuke.assets.approvals import models, queries
from shuke.assets.approvals.actions.adjusting import AdjustedDifferently, Adjustment, adjust, check_adjustment
from shuke.ground import tenancy
from shuke.kit import errors
from shuke.kit.db import Tx
from shuke.kit.http import Caller


class NoSuchRequest(errors.NotFound):
    """There is no request {request_id} for an adjustment."""

    code = "no_such_request"
    zh = "没有编号为 {request_id} 的调整申请。"


class AlreadyDecided(errors.Refused):
    """This request was decided before, by {by}."""

    code = "already_decided"
    zh = "这个申请已经由{by}处理过了。"
    cure = "Read the list again."
    cure_zh = "请刷新列表。"


class OwnRequest(errors.Refused):
    """Who asked for an adjustment may not decide about it."""

    code = "own_request"
    http_status = 403
    zh = "自己提出的申请不能自己批准。"
    cure = "Ask another person who may adjust points."
    cure_zh = "请另一位有调整权限的同事处理。"


async def ask(tx: Tx, adjustment: Adjustment, caller: Caller, at: datetime) -> queries.RequestShape:
    """Note an adjustment for a second person to decide; moves nothing. Repeatable by key; refuses like `adjust`."""
    check_adjustment(adjustment)
    known = await _by_key(tx, adjustment.key)
    if known is None:
        [request_id] = await tx.fresh_ids(1)
        row = {
            "request_id": request_id, "key": adjustment.key, "member_id": adjustment.member_id, "wallet": adjustment.wallet,
            "points": adjustment.points, "reason": adjustment.reason.strip(), "state": "waiting", "asked_by": adjustment.by,
            "asked_staff_id": caller.staff_id, "asked_at": at,
        }  # fmt: skip
        await tx.insert(models.AdjustmentRequest, [row])
        known = await _by_key(tx, adjustment.key)
    assert known is not None
    if (known.member_id, known.points) != (adjustment.member_id, adjustment.points):
        raise AdjustedDifferently(field="points", points=known.points)
    return known


async def approve(tx: Tx, request_id: int, caller: Caller, at: datetime) -> queries.RequestShape:
    """Book what was asked for, now; once, however often it is called. Refuses one's own, and what `adjust` refuses."""
    request = await _lock(tx, request_id, caller)
    adjustment = Adjustment(
        member_id=request.member_id, points=request.points, reason=request.reason, wallet=request.wallet,
        by=f"{request.asked_by} → {caller.name}", key=f"request:{request_id}",
    )  # fmt: skip
    entry = await adjust(tx, adjustment, at)
    return await _decide(tx, request_id, caller, at, state="approved", entry_id=entry.entry_id)


async def refuse(tx: Tx, request_id: int, words: str, caller: Caller, at: datetime) -> queries.RequestShape:
    """Say no, with a few words; nothing moves. Refuses one's own and what was decided before."""
    await _lock(tx, request_id, caller)
    return await _decide(tx, request_id, caller, at, state="refused", words=words.strip())


async def set_limit(tx: Tx, limit: int | None, *, fen: bool = False) -> None:
    """How many points (`fen`: how much stored credit) staff may adjust alone from now on; None asks nobody."""
    merchant = await tenancy.get_merchant(tx)
    limits = merchant.settings.get("approvals", {}) | {"fen" if fen else "limit": limit}
    await tenancy.change_merchant(tx, settings=merchant.settings | {"approvals": limits})


async def _by_key(tx: Tx, key: str) -> queries.RequestShape | None:
    row = await tx.one(
        f"select {queries.COLUMNS} from adjustment_request where merchant_id = %(merchant_id)s and key = %(key)s",
        key=key,
    )
    return None if row is None else queries.RequestShape(**row._asdict())


async def _lock(tx: Tx, request_id: int, caller: Caller) -> queries.RequestShape:
    row = await tx.one(
        f"select {queries.COLUMNS} from adjustment_request where merchant_id = %(merchant_id)s "
        "and request_id = %(request_id)s for update",
        request_id=request_id,
    )
    if row is None:
        raise NoSuchRequest(request_id=request_id)
    if row.state != "waiting":
        raise AlreadyDecided(by=row.decided_by)
    if caller.staff_id is None or caller.staff_id == row.asked_staff_id:
        raise OwnRequest
    return queries.RequestShape(**row._asdict())


async def _decide(
    tx: Tx, request_id: int, caller: Caller, at: datetime, *, state: str, words: str = "", entry_id: int | None = None
) -> queries.RequestShape:
    row = await tx.one(
        "update adjustment_request set state = %(state)s, decided_by = %(by)s, decided_staff_id = %(staff)s, "
        "decided_at = %(at)s, words = %(words)s, entry_id = %(entry)s "
        f"where merchant_id = %(merchant_id)s and request_id = %(request_id)s returning {queries.COLUMNS}",
        request_id=request_id, state=state, by=caller.name, staff=caller.staff_id, at=at, words=words, entry=entry_id,
    )  # fmt: skip
    assert row is not None
    return queries.RequestShape(**row._asdict())
