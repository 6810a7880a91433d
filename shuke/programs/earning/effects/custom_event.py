"""Points for any event that an integrator sends, fixed or by one of its properties."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit import money
from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, reason, rule_words


class Custom(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`points` per event; with `times_property` for each whole unit of that number. Only where a property has a value."""

    event: Annotated[str, asked("事件名", "Event"), Meta(pattern="^[a-z][a-z0-9_]{1,63}$")] = "recycled_bottle"
    points: Annotated[int, asked("送多少积分", "Points", unit="points", ge=1, le=1_000_000)] = 10
    times_property: Annotated[str, asked("乘以哪个事件字段", "Times which property"), Meta(max_length=64)] = ""
    where_property: Annotated[str, asked("只在哪个事件字段", "Only where property"), Meta(max_length=64)] = ""
    where_value: Annotated[str, asked("等于", "Equals"), Meta(max_length=200)] = ""
    once_per: Annotated[str, asked("同一个事件字段值只送一次", "Once for each value of"), Meta(max_length=64)] = ""
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class CustomEvent:
    """10 points for every empty bottle brought back."""

    code: ClassVar[str] = "custom_event"
    name: ClassVar[Sentence] = Sentence("自定义事件送积分", "Points for a custom event")
    Params: ClassVar[type[msgspec.Struct]] = Custom
    trigger: ClassVar[str] = "event"

    def events(self, params: Custom) -> frozenset[str]:
        """The one event it answers."""
        return frozenset({params.event})

    def once_per(self, params: Custom) -> str:
        """The property of the event that may earn once only."""
        return params.once_per

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """Points for the event; a number that is missing or no number gives none."""
        params: Custom = rule.params
        if params.where_property and _text(basis.properties.get(params.where_property)) != params.where_value:
            return None
        count = 1
        if params.times_property:
            found = basis.properties.get(params.times_property)
            if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found <= 1_000_000:
                return None
            count = int(found)
        why = reason(rule, points=params.points, count=count, event=params.event)
        return Award(rule, params.points * count, 0, why, params.validity)

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """No refund touches it."""
        return money.scale(why["points"], why["count"], 1)

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        many = f" × {why['count']}" if why["count"] != 1 else ""
        return Sentence(
            f"事件 {why['event']}，按{rule_zh}送 {why['points']}{many} 分",
            f"Event {why['event']}: {rule_en} gives {why['points']}{many}",
        )

    def sentence(self, params: Custom) -> Sentence:
        """The rule in words."""
        zh, en = f"发生事件 {params.event} 送 {params.points} 积分", f"{params.points} points for {params.event}"
        if params.times_property:
            zh, en = f"{zh} × {params.times_property}", f"{en} × {params.times_property}"
        if params.where_property:
            zh = f"{zh}，仅当 {params.where_property} 为「{params.where_value}」"
            en = f"{en}, only where {params.where_property} is {params.where_value}"
        if params.once_per:
            zh, en = f"{zh}，每个 {params.once_per} 只送一次", f"{en}, once for each {params.once_per}"
        return Sentence(zh, en)


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value if value is not None else "")
