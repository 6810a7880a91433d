"""Questions about the plan, codes, devices and the links opened on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import msgspec

from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs.referrals.policy.plan import Plan, Version, in_force


async def versions(tx: Tx) -> list[Version]:
    """All published versions of the plan, the newest first."""
    rows = await tx.rows(
        "select version, state, plan, published_at, published_by from referral_plan "
        "where merchant_id = %(merchant_id)s order by version desc"
    )
    return [
        Version(
            version=row.version, state=row.state, plan=msgspec.convert(row.plan, Plan), published_at=row.published_at,
            published_by=row.published_by,
        )
        for row in rows
    ]  # fmt: skip


async def plan_open(tx: Tx, at: datetime) -> Plan | None:
    """The plan that is open at an instant; None while there is none or it is paused."""
    held = in_force(await versions(tx), at)
    return held.plan if held is not None and held.state == "live" else None


async def owners(tx: Tx, codes: Iterable[str]) -> dict[str, int]:
    """Who holds these codes now; unknown ones are missing."""
    rows = await tx.rows(
        "select code, member_id from referral_code where merchant_id = %(merchant_id)s and code = any(%(codes)s::text[])",
        codes=sorted(set(codes)),
    )
    return {row.code: row.member_id for row in rows}


async def codes_of(tx: Tx, member_ids: Iterable[int]) -> dict[int, str]:
    """The code of each of these members (the first they got); those without one are missing."""
    rows = await tx.rows(
        "select distinct on (member_id) member_id, code from referral_code where merchant_id = %(merchant_id)s "
        "and member_id = any(%(ids)s::bigint[]) order by member_id, issued_at, code",
        ids=list(member_ids),
    )
    return {row.member_id: row.code for row in rows}


_TOUCHED = """
select w.place, t.code from unnest(%(devices)s::text[], %(ats)s::timestamptz[], %(sinces)s::timestamptz[])
    with ordinality as w(device, at, since, place) cross join lateral (
    select f.code from referral_touch f where f.merchant_id = %(merchant_id)s and f.device = w.device
        and f.touched_at <= w.at and f.touched_at >= w.since order by f.touched_at desc, f.code limit 1
) t
"""


async def touched(tx: Tx, asked: Sequence[tuple[str, datetime, datetime]]) -> dict[int, str]:
    """By place in `asked` (device, until, since): the code of the link that was opened there last."""
    if not asked:
        return {}
    rows = await tx.rows(
        _TOUCHED, devices=[one[0] for one in asked], ats=[one[1] for one in asked], sinces=[one[2] for one in asked]
    )
    return {row.place - 1: row.code for row in rows}


async def seen_with(tx: Tx, devices: Iterable[str]) -> dict[str, set[int]]:
    """Which members were seen with each of these devices."""
    rows = await tx.rows(
        "select device, member_id from referral_device where merchant_id = %(merchant_id)s "
        "and device = any(%(devices)s::text[])",
        devices=sorted(set(devices) - {""}),
    )
    found: dict[str, set[int]] = {}
    for row in rows:
        found.setdefault(row.device, set()).add(row.member_id)
    return found


async def today(tx: Tx, at: datetime) -> date:
    """The merchant's business date of an instant."""
    merchant = await tenancy.get_merchant(tx)
    return clock.business_date(at, merchant.zone, merchant.day_start_minutes)


async def is_open(tx: Tx) -> bool:
    """Whether members can bring friends now."""
    newest = next(iter(await versions(tx)), None)
    return newest is not None and newest.state == "live"
