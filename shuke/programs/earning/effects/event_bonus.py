"""Points for doing something: finishing an article or a video, commenting, sharing, answering, following, attending."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, reason, rule_words

EVENTS = {
    "article_read": ("读完文章", "Finished an article"), "video_watched": ("看完视频", "Finished a video"),
    "comment": ("发表评论", "Commented"), "review": ("评价商品", "Reviewed a product"), "share": ("分享", "Shared"),
    "survey": ("填完问卷", "Answered a survey"), "follow": ("关注公众号", "Followed the account"),
    "booking_attended": ("预约到店", "Attended a booking"),
}  # fmt: skip
ABOUT = {"article_read": "article", "video_watched": "video", "review": "sku", "survey": "survey"}
"""What such an event is about: each one earns once."""


class Doing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many points each time; the same article, video, product or survey only once where `once_each`."""

    event: Annotated[
        Literal["article_read", "video_watched", "comment", "review", "share", "survey", "follow", "booking_attended"],
        asked("会员做了什么", "What the member did", labels=EVENTS),
    ] = "article_read"
    points: Annotated[int, asked("送多少积分", "Points", unit="points", ge=1, le=1_000_000)] = 50
    once_each: Annotated[bool, asked("同一内容只送一次", "The same content only once", when={"event": list(ABOUT)})] = (
        True
    )
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class EventBonus:
    """50 points for an article read to its end."""

    code: ClassVar[str] = "event_bonus"
    name: ClassVar[Sentence] = Sentence("互动送积分", "Points for taking part")
    Params: ClassVar[type[msgspec.Struct]] = Doing
    trigger: ClassVar[str] = "event"

    def events(self, params: Doing) -> frozenset[str]:
        """The one event it answers."""
        return frozenset({params.event})

    def once_per(self, params: Doing) -> str:
        """The property of the event that may earn once only."""
        return ABOUT.get(params.event, "") if params.once_each else ""

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """The points; an article or video that says it was not finished gives none."""
        params: Doing = rule.params
        if params.event in ("article_read", "video_watched") and basis.properties.get("finished", True) in (False, 0):
            return None
        about = str(basis.properties.get(ABOUT.get(params.event, ""), ""))
        why = reason(rule, points=params.points, event=params.event, about=about)
        return Award(rule, params.points, 0, why, params.validity)

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """No refund touches it."""
        return int(why["points"])

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        zh, en = EVENTS[why["event"]]
        about = f"「{why['about']}」" if why["about"] else ""
        return Sentence(
            f"{zh}{about}，按{rule_zh}送 {why['points']} 分",
            f"{en} {why['about']}: {rule_en} gives {why['points']}".replace(" :", ":"),
        )

    def sentence(self, params: Doing) -> Sentence:
        """The rule in words."""
        zh, en = EVENTS[params.event]
        once = self.once_per(params)
        return Sentence(
            f"{zh}送 {params.points} 积分" + ("，同一内容只送一次" if once else ""),
            f"{params.points} points: {en[0].lower()}{en[1:]}" + (", each content once" if once else ""),
        )
