"""What the mirror may copy of referrals: that a friend whom a member brought proved true, and that this was taken back."""

from __future__ import annotations

from typing import Any

from shuke.ground import mirror, tenancy

NAMES = {"referrals_rewarded": "invite_rewarded", "referrals_taken_back": "invite_taken_back"}
_BROUGHT = "select referral_id, referrer_id, how from referral where merchant_id = %(merchant_id)s and referral_id = any(%(n)s)"


async def _outcomes(tx: Any, news: Any) -> Any:
    merchant = await tenancy.get_merchant(tx)
    made = mirror.EventRows(merchant.zone, merchant.day_start_minutes)
    heard = [(one, number) for one in news for number in one.payload["referral_ids"]]
    found = {row.referral_id: row for row in await tx.rows(_BROUGHT, n=[number for _, number in heard])}
    for place, (one, number) in enumerate(heard):
        made.add(NAMES[one.kind], found[number].referrer_id, one.at, (one.seq, place), {"how": found[number].how})
    return made.columns


DECLARED = (
    mirror.behaviour("invite_rewarded", ("邀请成功", "brought a friend who bought"), {}),
    mirror.behaviour("invite_taken_back", ("邀请奖励被收回", "had an invitation's reward taken back"), {}),
    mirror.Source(tuple(NAMES), "events", _outcomes),
)
