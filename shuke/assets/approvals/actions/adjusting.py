"""Adjustments: points given or taken by staff, with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shuke.assets import points
from shuke.assets.approvals import policy
from shuke.assets.points import POINTS
from shuke.ground import tenancy
from shuke.kit import durations, errors
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence

VALIDITY = "1Y_U"
"""Adjusted points run out with the next calendar year, unless the merchant's settings say otherwise."""
LARGEST = 10_000_000


class NotEnoughToTake(errors.Refused):
    """The member has {available_en}; {wanted_en} cannot be taken."""

    code = "not_enough_to_take"
    zh = "会员只有 {available}，扣不了 {wanted}。"
    cure = "Take at most what is there."
    cure_zh = "最多扣到 0。"


class NothingToAdjust(errors.Refused):
    """An adjustment gives or takes between 1 and {largest} points."""

    code = "nothing_to_adjust"
    http_status = 422
    zh = "请填写要增减的积分，1 到 {largest} 之间。"
    cure = "Give a whole number other than 0; a minus takes points away."
    cure_zh = "填非 0 的整数，负数表示扣减。"


class ReasonMissing(errors.Refused):
    """An adjustment needs a reason."""

    code = "reason_missing"
    http_status = 422
    zh = "调整积分必须写原因。"
    cure = "Say in a few words why; the member's page shows it."
    cure_zh = "写几个字说明原因，会员页会显示。"


class AdjustedDifferently(errors.Refused):
    """This adjustment was booked before with {points} points."""

    code = "key_reused"
    http_status = 422
    zh = "这次调整已经入账，当时是 {points} 积分。"
    cure = "Use a fresh Idempotency-Key for another adjustment."
    cure_zh = "另一次调整请换一个 Idempotency-Key。"


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """What a member of staff decided: signed points, why, who. `key` makes it repeatable."""

    member_id: int
    points: int
    reason: str
    by: str
    key: str
    wallet: str = POINTS


def check_adjustment(adjustment: Adjustment) -> None:
    """Refuse nothing, far too much, no reason and an unknown wallet, whatever the member holds."""
    if adjustment.points == 0 or abs(adjustment.points) > LARGEST:
        raise NothingToAdjust(field="points", largest=LARGEST)
    if not adjustment.reason.strip():
        raise ReasonMissing(field="reason")
    points.known_wallet(adjustment.wallet)


async def adjust(tx: Tx, adjustment: Adjustment, at: datetime) -> points.EntryShape:
    """Give (+) or take (−) points at once; the same key is booked once and answers the same entry.

    Given points run out like earned ones, stored credit never; taken ones leave the earliest lots. Undo is the opposite
    adjustment. Refuses more than is available, no reason, and the same key with other points.
    """
    check_adjustment(adjustment)
    merchant = await tenancy.get_merchant(tx)
    lasting = adjustment.points < 0 or adjustment.wallet in policy.MONEY
    validity = merchant.settings.get("points", {}).get("validity", VALIDITY)
    posting = points.Posting(
        member_id=adjustment.member_id, points=adjustment.points, type="adjust", key=f"adjust:{adjustment.key}",
        why={"kind": "adjust", "reason": adjustment.reason.strip(), "by": adjustment.by}, occurred_at=at,
        expires_at=None if lasting else durations.end(validity, at, merchant.zone),
    )  # fmt: skip
    (verdict,) = await points.post(tx, [posting], adjustment.wallet)
    if verdict.state == "refused":
        assert verdict.refusal is not None
        raise _too_much(adjustment, **verdict.refusal["details"])
    booked = await points.entry(tx, posting.key)
    assert booked is not None
    if (booked.member_id, booked.points) != (adjustment.member_id, adjustment.points):
        raise AdjustedDifferently(field="points", points=booked.points)
    return booked


def _too_much(adjustment: Adjustment, **held: int) -> errors.Refused:
    if adjustment.wallet == POINTS:
        return points.NotEnoughPoints(field="points", **held)
    has, wanted = (policy.amount(held[name], adjustment.wallet) for name in ("available", "wanted"))
    return NotEnoughToTake(field="points", available=has.zh, wanted=wanted.zh, available_en=has.en, wanted_en=wanted.en)


def _adjusted(why: dict[str, Any]) -> Sentence:
    return Sentence(f"{why['by']} 手工调整：{why['reason']}", f"Adjusted by {why['by']}: {why['reason']}")


points.explained_by({"adjust": _adjusted})
