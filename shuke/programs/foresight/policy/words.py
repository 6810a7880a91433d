"""Says what a search found as a shop owner would say it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shuke.kit import money
from shuke.kit.kinds import Sentence
from shuke.programs import earning
from shuke.programs.foresight.policy.world import OTHER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shuke.programs.foresight.policy.world import Situation, World

_DAYS = [
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
]


def day_words(day: date) -> tuple[str, str]:
    """2027-05-08（周六）, and the same in English."""
    zh, en = _DAYS[day.weekday()]
    return f"{day}（{zh}）", f"{day} ({en})"


def described(situation: Situation, world: World) -> list[Sentence]:
    """The situation piece by piece: the member first, then the moment, then whatever else counts."""
    day = world.business_date(situation.at)
    zh, en = day_words(day)
    found = [Sentence(situation.level.name, situation.level.name_en or situation.level.name), Sentence(zh, en)]
    local = situation.at.astimezone(world.zone)
    if (local.hour, local.minute) != (12, 0):
        found.append(Sentence(f"{local:%H:%M}", f"at {local:%H:%M}"))
    if situation.birthday is not None:
        found.append(_birthday(situation.birthday, day))
    if any(not rule.needs.isdisjoint({"orders"}) for rule in world.rules):
        number = situation.orders + 1
        found.append(
            Sentence("首单", "first order") if number == 1 else Sentence(f"第 {number} 单", f"order no. {number}")
        )
    if situation.age_days is not None:
        found.append(Sentence(f"入会 {situation.age_days} 天", f"{situation.age_days} days after joining"))
    if situation.segments:
        named = sorted(situation.segments)
        found.append(Sentence(f"分群 {'、'.join(named)}", f"in segment {', '.join(named)}"))
    found += _trade(_without_spare(situation, world))
    if situation.month_fen:
        before = money.yuan(situation.month_fen)
        found.append(Sentence(f"当月此前已消费 {before}", f"{before} spent earlier in the month"))
    if situation.watched:
        found.append(Sentence("下单前刚看完视频或文章", "right after the video or article"))
    return found


def _birthday(born: date, day: date) -> Sentence:
    if (born.month, born.day) == (day.month, day.day):
        return Sentence("生日当天", "on the birthday")
    if born.month == day.month and abs(born.day - day.day) > 6:
        return Sentence("生日当月", "in the month of the birthday")
    return Sentence("生日那一周", "in the week of the birthday")


def _without_spare(situation: Situation, world: World) -> Situation:
    """The same order without pieces that change nothing: nobody need read of them."""
    points = situation.points(world)
    for line in situation.lines:
        fewer = [[one for one in situation.lines if one is not line]] if not line.amount_fen else []
        single = earning.Line(line.sku, 1, line.amount_fen, line.category, line.brand)
        for lines in (*fewer, [single if one is line else one for one in situation.lines]):
            plainer = replace(situation, lines=tuple(lines))
            if lines and plainer.points(world) == points:
                situation = plainer
                break
    return situation


def _trade(situation: Situation) -> list[Sentence]:
    found = []
    if situation.channel:
        named = earning.channels_words([situation.channel])
        found.append(Sentence(f"渠道「{named.zh}」", f"through {named.en}"))
    if situation.store:
        found.append(Sentence(f"门店 {situation.store}", f"in {situation.store}"))
    if situation.payments:
        found.append(Sentence(f"用 {'、'.join(situation.payments)} 支付", f"paid by {', '.join(situation.payments)}"))
    goods = [line for line in situation.lines if line.category or line.brand or len(situation.lines) > 1]
    if goods:
        told = [(_named(line), f" ×{line.quantity} {money.yuan(line.amount_fen)}") for line in goods]
        zh = "、".join(name + much for name, much in told)
        en = ", ".join(name.replace(OTHER, "other goods") + much for name, much in told)
        found.append(Sentence(f"买 {zh}", f"buying {en}"))
    return found


def _named(line: object) -> str:
    parts = [part for name in ("sku", "category", "brand") if (part := getattr(line, name))]
    return "/".join(parts if len(parts) == 1 else [part for part in parts if part != OTHER])


def joined(parts: Sequence[Sentence]) -> Sentence:
    """Pieces as one clause."""
    return Sentence("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def worth_words(fen: int | None) -> tuple[str, str]:
    """（约 ¥32.88）, or nothing where points have no worth."""
    return ("", "") if fen is None else (f"（约 {money.yuan(fen)}）", f" (about {money.yuan(fen)})")


def most_words(situation: Situation, world: World, points: int, fen: int | None) -> Sentence:
    """A platinum member can get at most … from one order of … on …, which is … % of it."""
    zh_worth, en_worth = worth_words(fen)
    paid = money.yuan(situation.amount_fen)
    level_en = situation.level.name_en or situation.level.name
    zh_day, en_day = day_words(world.business_date(situation.at))
    zh = f"{situation.level.name}在 {zh_day}一笔 {paid} 的订单，最多可得 {points:,} 积分{zh_worth}"
    en = f"At tier “{level_en}”, one order of {paid} on {en_day} can earn at most {points:,} points{en_worth}"
    if fen is not None and situation.amount_fen:
        share = f"{fen * 100 / situation.amount_fen:.1f}"
        zh, en = f"{zh}，相当于订单的 {share}%", f"{en}, which is {share} % of the order"
    return Sentence(zh, en)
