"""Points for an order within days of something else: watch the video, click through, order."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, Mark, asked, reason, rule_words, split_over


class Following(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event, then an order within so many days: points once for each event, whatever is ordered or its goods only."""

    event: Annotated[str, asked("先做了什么（事件名）", "First (event)"), Meta(pattern="^[a-z][a-z0-9_]{1,63}$")] = (
        "video_watched"
    )
    within_days: Annotated[int, asked("几天内下单", "Ordered within", unit="days", ge=1, le=90)] = 7
    same_goods: Annotated[bool, asked("要买视频里的商品", "Only its goods")] = False
    points: Annotated[int, asked("送多少积分", "Points", unit="points", ge=1, le=1_000_000)] = 100
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class EventThenOrder:
    """100 points for an order within a week of a video watched to its end."""

    code: ClassVar[str] = "event_then_order"
    name: ClassVar[Sentence] = Sentence("看完下单送积分", "Watched, then ordered")
    Params: ClassVar[type[msgspec.Struct]] = Following
    needs: ClassVar[frozenset[str]] = frozenset({"marks"})

    def events(self, params: Following) -> frozenset[str]:
        """The event it waits for."""
        return frozenset({params.event})

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """The points, for the latest such event that no order has used."""
        if not basis.known.marks:
            return None
        params: Following = rule.params
        skus = {line.sku for line in basis.lines}
        fitting = [mark for mark in basis.known.marks if _fits(params, mark, basis, skus)]
        if not fitting or basis.amount_fen <= 0:
            return None
        mark = max(fitting, key=lambda found: found.at)
        why = reason(
            rule, points=params.points, basis_fen=basis.amount_fen, event=params.event, about=mark.ref,
            days=params.within_days,
        )  # fmt: skip
        breakdown = split_over(params.points, basis)
        return Award(rule, params.points, basis.amount_fen, why, params.validity, breakdown, uses=mark)

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """All of it while anything of the order is left."""
        return int(why["points"]) if remaining_fen > 0 else 0

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        about = f"「{why['about']}」" if why["about"] else ""
        zh = f"看过{about}后 {why['days']} 天内下单，按{rule_zh}送 {why['points']} 分"
        return Sentence(
            zh, f"Ordered within {why['days']} days of {why['event']} {why['about']}; {rule_en} gives {why['points']}"
        )

    def sentence(self, params: Following) -> Sentence:
        """The rule in words."""
        done = "看完视频" if params.event == "video_watched" else f"做过 {params.event} "
        goods_zh, goods_en = ("买其中商品", " of its goods") if params.same_goods else ("下单", "")
        return Sentence(
            f"{done}后 {params.within_days} 天内{goods_zh}，送 {params.points} 积分",
            f"{params.points} points for an order{goods_en} within {params.within_days} days of {params.event}",
        )


def _fits(params: Following, mark: Mark, basis: Basis, skus: set[str]) -> bool:
    if mark.used or mark.event != params.event or not mark.at <= basis.occurred_at:
        return False
    near = basis.occurred_at - mark.at <= timedelta(days=params.within_days)
    return near and (not params.same_goods or not skus.isdisjoint(mark.skus))
