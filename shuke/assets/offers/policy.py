"""Decides: which granted offer an order's points use, and in what words an offer is told."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shuke.kit import errors, money
from shuke.kit.kinds import Sentence

MINIMUM_PAYABLE_FEN = 1


class Usable(msgspec.Struct, frozen=True, kw_only=True):
    """A right a member has now: so many points are worth so many fen, once, until it expires."""

    grant_id: int
    offer_id: int
    member_id: int
    points: int
    value_fen: int
    max_share_percent: int
    expires_at: datetime


class NoSuchOffer(errors.Refused):
    """{points} points cannot be spent on this order: {may_use}"""

    code = "no_such_offer"
    http_status = 422
    zh = "这一单不能用 {points} 积分抵现：{may_use_zh}"
    cure = "Send the order without points_spent, or with one of the amounts named."
    cure_zh = "请去掉 points_spent，或改成上面列出的积分数。"


class ShareExceeded(errors.Refused):
    """{points} points are worth {value}, more than this order of {payable} may be paid with points ({limit})."""

    code = "offer_share_exceeded"
    http_status = 422
    zh = "{points} 积分可抵 {value}，但这一单（{payable}）最多只能抵 {limit}。"
    cure = "Use the offer on a larger order."
    cure_zh = "请在金额更大的订单上使用。"


def match(usable: Sequence[Usable], points: int, payable_fen: int) -> Usable:
    """The granted offer that `points` on an order of `payable_fen` (before points) use; refuses with what may be used.

    The points must be exactly the offer's. Of several the one worth most goes first, then the one that ends first.
    """
    fitting = [right for right in usable if right.points == points]
    if not fitting:
        zh, en = _may_use(usable)
        raise NoSuchOffer(field="points_spent", points=points, may_use=en, may_use_zh=zh)
    fitting.sort(key=lambda right: (-right.value_fen, right.expires_at, right.grant_id))
    for right in fitting:
        if right.value_fen <= most(right, payable_fen):
            return right
    last = fitting[-1]
    raise ShareExceeded(
        field="points_spent", points=points, value=money.yuan(last.value_fen), payable=money.yuan(payable_fen),
        limit=money.yuan(max(0, most(last, payable_fen))),
    )  # fmt: skip


def most(right: Usable, payable_fen: int) -> int:
    """The most fen of an order that this offer may pay: its share, and never the last fen."""
    share = money.scale(payable_fen, right.max_share_percent, 100, "floor")
    return min(share, payable_fen - MINIMUM_PAYABLE_FEN)


def _may_use(usable: Sequence[Usable]) -> tuple[str, str]:
    if not usable:
        return "这位会员现在没有可用的积分抵现。", "the member has no offer to spend points as cash now."
    told = sorted({(right.points, right.value_fen) for right in usable})
    zh = "、".join(f"{points} 积分抵 {money.yuan(value)}" for points, value in told)
    en = ", ".join(f"{points} points for {money.yuan(value)}" for points, value in told)
    return f"可用的是 {zh}。", f"what may be used is {en}."


def sentence(points: int, value_fen: int, valid_for: str) -> Sentence:
    """500积分抵50元,领到后 3 天内有效."""
    zh_for, en_for = _period(valid_for)
    return Sentence(
        zh=f"{points} 积分抵 {_short(value_fen)} 元，{zh_for}",
        en=f"{points} points pay for {money.yuan(value_fen)}, {en_for}",
    )


def called(name: str, points: int, value_fen: int) -> Sentence:
    """An offer's name in both languages: a Chinese one is told in English by what the offer promises."""
    return Sentence(name, name if name.isascii() else f"{points} points for {money.yuan(value_fen)}")


def _short(fen: int) -> str:
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02d}"


_UNITS = {
    "s": ("秒", "second"), "m": ("分钟", "minute"), "h": ("小时", "hour"), "D": ("天", "day"),
    "W": ("周", "week"), "M": ("个月", "month"), "Q": ("个季度", "quarter"), "Y": ("年", "year"),
}  # fmt: skip


def _period(valid_for: str) -> tuple[str, str]:
    count, unit = valid_for.partition("_")[0][:-1], valid_for.partition("_")[0][-1]
    zh, en = _UNITS[unit]
    plural = "" if count == "1" else "s"
    return f"领到后 {count} {zh}内有效", f"for {count} {en}{plural} from the grant"


def state_of(used_at: datetime | None, expires_at: datetime, at: datetime) -> str:
    """Where a granted offer stands at `at`: used, expired or usable."""
    if used_at is not None:
        return "used"
    return "expired" if expires_at <= at else "usable"
