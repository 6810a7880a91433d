"""Segments, tags and journeys that playbooks share, with the limits of each industry."""

from __future__ import annotations

from typing import Any

from shuke.assets import offers
from shuke.kit.kinds import Sentence
from shuke.outreach import journeys
from shuke.outreach.playbooks.policy.book import JourneyIn, SegmentIn, TagIn

VALUABLE, PROMISING, BIRTHDAY, SLEEPING = "high-value", "potential", "birthday-soon", "dormant-points"
NEW, DORMANT = "lifecycle-new", "lifecycle-dormant"


def bought(op: str, value: Any, window: str, measure: Any = "count") -> dict[str, Any]:
    """A condition on orders of a window."""
    return {"did": "order", "window": {"last": window}, "measure": measure, "op": op, "value": value}


def valuable(yuan: int) -> SegmentIn:
    """Who paid so much in 180 days."""
    return SegmentIn(
        VALUABLE, Sentence("高价值会员", "High value"),
        Sentence("近半年花得最多的会员，值得专人维护", "Who spent most in half a year; worth a word in person"),
        bought(">=", yuan * 100, "180d", {"sum": "amount_fen"}),
    )  # fmt: skip


def promising(*signs: dict[str, Any]) -> SegmentIn:
    """Who shows these signs and is not of high value yet."""
    return SegmentIn(
        PROMISING, Sentence("潜力会员", "Potential"),
        Sentence("最近还有兴趣，再推一把就是高价值", "Still interested; one more push and they are of high value"),
        {"all": [*signs, {"not": {"segment": VALUABLE}}]},
    )  # fmt: skip


def birthday(days: int) -> SegmentIn:
    """Whose birthday is within so many days."""
    return SegmentIn(
        BIRTHDAY, Sentence("快过生日", "Birthday soon"),
        Sentence("提前准备祝福和生日礼", "To prepare a wish and a gift in time"),
        {"attr": "birthday", "op": "anniversary_within", "value": f"{days}d"},
    )  # fmt: skip


def sleeping(least: int) -> SegmentIn:
    """Dormant members who hold at least so many points."""
    return SegmentIn(
        SLEEPING, Sentence("沉睡但有积分", "Dormant with points"),
        Sentence("很久没来、手里的积分够抵一次现", "Not seen for long, with points enough to spend as cash once"),
        {"all": [{"segment": DORMANT}, {"attr": "points.available", "op": ">=", "value": least}]},
    )  # fmt: skip


RULE_TAGS = (
    TagIn("high-value", Sentence("高价值", "High value"), Sentence("跟着分群走", "Follows the segment"), VALUABLE),
    TagIn("potential", Sentence("潜力", "Potential"), Sentence("跟着分群走", "Follows the segment"), PROMISING),
    TagIn("dormant", Sentence("沉睡", "Dormant"), Sentence("跟着分群走", "Follows the segment"), DORMANT),
)


def model_tags(*codes: str) -> tuple[TagIn, ...]:
    """Tags that follow what models say, by their codes."""
    return tuple(TagIn(code, model=code) for code in codes)


def _letter(title: str, body: str, link: str = "/m/") -> journeys.StepPlan:
    return journeys.StepPlan("send_message", {"channel": "auto", "title": title, "body": body, "link": link})


def welcome(body: str) -> JourneyIn:
    """A word to whoever has just come."""
    return JourneyIn("welcome", Sentence("欢迎新客", "Welcome new members"), NEW, [_letter("欢迎您", body)])


# Less than a year: whoever was late last time, as at the launch or over New Year, is on time this year, and nobody comes twice.
ONCE_A_YEAR = 300


def wish(body: str) -> JourneyIn:
    """A word before the birthday, every year."""
    return JourneyIn(
        "birthday",
        Sentence("生日祝福", "Birthday wishes"),
        BIRTHDAY,
        [_letter("生日快乐", body)],
        again_days=ONCE_A_YEAR,
    )


def win_back(points: int, yuan: int, days: int) -> JourneyIn:
    """Who sleeps and holds points may spend them as cash, and is told so."""
    slug = f"{points}-as-{yuan}"
    terms = offers.Terms(name=f"{points} 积分抵 {yuan} 元", points=points, value_fen=yuan * 100, valid_for=f"{days}D")
    body = f"{{name}}您好，您有 {{points}} 积分。{{expires}} 前到店或下单，{points} 积分可当 {yuan} 元用，仅限这一次。"
    steps = [journeys.StepPlan("give_offer", {"offer": slug}), _letter(f"好久不见，送您 {yuan} 元", body, "/m/offers")]
    return JourneyIn("win-back", Sentence("叫回沉睡会员", "Win back who sleeps"), SLEEPING, steps, (slug, terms))
