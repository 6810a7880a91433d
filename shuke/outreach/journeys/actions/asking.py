"""Another system lets one member begin a journey, or takes one off it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Literal

from shuke.insight import segments
from shuke.kit import errors, jobs
from shuke.kit.db import Tx
from shuke.outreach.journeys import models, policy
from shuke.outreach.journeys.actions.travelling import let_in


class NotLive(errors.Refused):
    """The journey "{name}" does not run: it is {state}."""

    code = "journey_not_live"
    zh = "触达「{name}」没有在运行（{state_zh}）。"
    cure = "Launch or resume it on the console; nobody was let in."
    cure_zh = "请先在控制台启动或恢复，这次没有让会员进入。"


class NotInside(errors.Refused):
    """The member is not in the segment "{segment}" that the journey is for."""

    code = "not_in_segment"
    zh = "这位会员不在触达对应的分群「{segment}」里。"
    cure = "Only who is in the segment as of its last refresh can take its steps."
    cure_zh = "只有最近一次刷新时在分群里的会员才能参加。"


class EntryOfAnother(errors.Refused):
    """The key "{key}" let another member in."""

    code = "entry_of_another"
    zh = "编号「{key}」是另一位会员进入时用的。"
    cure = "Use a fresh key for every entry."
    cure_zh = "每次进入请用新的编号。"


State = Literal["entered", "already", "repeated"]


async def enter(tx: Tx, journey_id: int, member_id: int, key: str, at: datetime) -> State:
    """Let one member begin, once for ever under the sender's key; `already`: on it, or took part and may not again.

    The rules of entering hold as for a crowd. Refuses a journey that does not run, and who is not in its segment: the
    first step would find them gone.
    """
    journey = await tx.one(
        "select name, state, segment_slug, version, again_days from journey where merchant_id = %(merchant_id)s "
        "and journey_id = %(journey_id)s for share",
        journey_id=journey_id,
    )
    if journey is None:
        raise errors.NotFound(what="journey", what_zh="自动化")
    number = _number(key)
    before = await tx.value(
        "select after_member from journey_run where merchant_id = %(merchant_id)s and journey_id = %(journey_id)s "
        "and refresh_id = %(number)s",
        journey_id=journey_id, number=number,
    )  # fmt: skip
    if before is not None:
        if before != member_id:
            raise EntryOfAnother(field="key", key=key)
        return "repeated"
    if journey.state != "live":
        raise NotLive(name=journey.name, state=journey.state, state_zh=policy.STATES[journey.state])
    if member_id not in await segments.inside(tx, journey.segment_slug, [member_id]):
        named = await segments.names(tx, [journey.segment_slug])
        raise NotInside(segment=named.get(journey.segment_slug, journey.segment_slug))
    entered = await let_in(tx, journey_id, journey, [member_id], at)
    run = {
        "journey_id": journey_id, "refresh_id": number, "after_member": member_id, "entered": len(entered),
        "state": "done", "created_at": at, "finished_at": at,
    }  # fmt: skip
    await tx.insert(models.JourneyRun, [run])
    if entered:
        await jobs.wake(tx, policy.WORK, at)
    return "entered" if entered else "already"


def _number(key: str) -> int:
    """A run by key stands under a negative number that only its key has: 63 bits of SHA-256; refreshes count upwards from 1."""
    return -1 - (int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 1)


_STOP = """
update journey_member m set state = 'left' from journey j
where m.merchant_id = %(merchant_id)s and m.journey_id = %(journey_id)s and m.member_id = %(member_id)s and m.state = 'active'
  and j.merchant_id = %(merchant_id)s and j.journey_id = %(journey_id)s
returning m.round, m.next_step, j.steps -> m.next_step::int ->> 'kind' as kind
"""


async def stop(tx: Tx, journey_id: int, member_id: int, at: datetime) -> bool:
    """Take a member off a journey before the next step; whether they were on it. What was given stays. Repeatable."""
    rows: list[Any] = list(await tx.rows(_STOP, journey_id=journey_id, member_id=member_id))
    effects = [
        {"journey_id": journey_id, "member_id": member_id, "round": row.round, "step": row.next_step, "kind": row.kind,
         "outcome": "left", "detail": policy.taken_off(), "at": at}
        for row in rows
    ]  # fmt: skip
    await tx.insert(models.JourneyEffect, effects, conflict="ignore")
    return bool(rows)
