"""Verbs of the plan and of what members carry: publish, a personal code, a link opened on a device."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shuke.assets import rewards
from shuke.ground import members
from shuke.kit import jobs
from shuke.kit.db import Tx
from shuke.programs.referrals import models
from shuke.programs.referrals.policy import plan as policy
from shuke.programs.referrals.policy import relation
from shuke.programs.referrals.policy.plan import Plan, Version
from shuke.programs.referrals.queries import plans

WORK = "referrals"
FORGET_TOUCHES = timedelta(days=366)
"""Longer than any window: a link opened on a device is forgotten after this."""


async def publish(tx: Tx, plan: Plan, state: Literal["live", "paused"], by: str, at: datetime) -> Version:
    """Make a new version of the plan; friends who came before keep what they were promised. Refuses what is not right."""
    policy.check_plan(plan)
    await rewards.check(tx, policy.promised(plan))
    newest = next(iter(await plans.versions(tx)), None)
    row = {
        "version": 1 + (newest.version if newest else 0), "state": state, "plan": msgspec.to_builtins(plan),
        "published_at": at, "published_by": by,
    }  # fmt: skip
    await tx.insert(models.ReferralPlan, [row])
    await jobs.wake(tx, WORK, at)
    return (await plans.versions(tx))[0]


async def ensure_codes(tx: Tx, member_ids: Iterable[int], at: datetime) -> dict[int, str]:
    """The personal code of each of these members, made where there is none; repeatable, also at the same time.

    Of a merged member it is the heir's.
    """
    people = await members.members_of(tx, member_ids)
    heirs = {number: one.merged_into or number for number, one in people.items()}
    wanted = sorted(set(heirs.values()))
    found = await plans.codes_of(tx, wanted)
    turns = 0
    while missing := [number for number in wanted if number not in found]:
        turns += 1
        assert turns < 10, "codes run out"
        rows = [
            {"code": _fresh_code(), "member_id": number, "issued_to": number, "issued_at": at} for number in missing
        ]
        await tx.insert(models.ReferralCode, rows, conflict="ignore")
        found |= await plans.codes_of(tx, missing)
    return {number: found[heir] for number, heir in heirs.items()}


def _fresh_code() -> str:
    return "".join(secrets.choice(relation.ALPHABET) for _ in range(relation.CODE_LENGTH))


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's link was opened on a device at that instant."""

    code: str
    device: str
    at: datetime


async def touch(tx: Tx, touches: Sequence[Touch]) -> int:
    """Note links that were opened on devices, the latest instant of each; repeatable. Refuses a code that is nobody's.

    How many were noted; those without a device are left out.
    """
    codes = [relation.normal(one.code) for one in touches]
    known = await plans.owners(tx, codes)
    for code in codes:
        if code not in known:
            raise relation.NoSuchCode(field="code", code=code)
    latest: dict[tuple[str, str], datetime] = {}
    for one, code in zip(touches, codes, strict=True):
        key = (relation.device_key(one.device), code)
        if key[0]:
            latest[key] = max(latest.get(key, one.at), one.at)
    rows = [{"device": device, "code": code, "touched_at": at} for (device, code), at in sorted(latest.items())]
    await tx.insert(models.ReferralTouch, rows, conflict="update:touched_at")
    return len(rows)


async def note_devices(tx: Tx, seen: Iterable[tuple[str, int]], at: datetime) -> None:
    """Note which members were seen with which devices (digest, member); repeatable."""
    rows = [{"device": device, "member_id": number, "seen_at": at} for device, number in sorted(set(seen)) if device]
    await tx.insert(models.ReferralDevice, rows, conflict="ignore")


async def forget_touches(tx: Tx, at: datetime) -> int:
    """Drop links that were opened longer ago than any window; how many."""
    return await tx.run(
        "delete from referral_touch where merchant_id = %(merchant_id)s and touched_at < %(before)s",
        before=at - FORGET_TOUCHES,
    )
