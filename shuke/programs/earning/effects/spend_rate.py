"""Points for every yuan paid, more for higher tiers."""

from typing import Annotated, Any, ClassVar

import msgspec

from shuke.kit import money
from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, reason, rule_words, split_over, times


class Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`points` for every `per_fen` fen paid, times the tier's multiplier; rounded down once per order."""

    points: Annotated[int, asked("送多少积分", "Points", unit="points", ge=1, le=100_000)] = 1
    per_fen: Annotated[int, asked("每消费", "For every", unit="fen", ge=1, le=100_000_000)] = 100
    tier_multiplier: Annotated[bool, asked("按会员等级加倍", "Multiply by tier")] = True
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class SpendRate:
    """1 yuan = 1 point; platinum double."""

    code: ClassVar[str] = "spend_rate"
    name: ClassVar[Sentence] = Sentence("消费送积分", "Points for spending")
    Params: ClassVar[type[msgspec.Struct]] = Rate

    def points(self, params: Rate, basis_fen: int, multiplier_percent: int) -> int:
        """floor(basis ÷ per_fen × points × multiplier): one rounding, downward."""
        percent = multiplier_percent if params.tier_multiplier else 100
        return money.scale(basis_fen, params.points * percent, params.per_fen * 100)

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """What this order earns; the breakdown splits it over the lines."""
        params = rule.params
        given = self.points(params, basis.amount_fen, basis.multiplier_percent)
        if given <= 0:
            return None
        why = reason(
            rule, basis_fen=basis.amount_fen, points=params.points, per_fen=params.per_fen,
            percent=basis.multiplier_percent if params.tier_multiplier else 100, tier=basis.tier_name,
        )  # fmt: skip
        return Award(rule, given, basis.amount_fen, why, params.validity, split_over(given, basis))

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """What the same rule, version and tier would have given for what is left of the order after refunds."""
        return money.scale(remaining_fen, why["points"] * why["percent"], why["per_fen"] * 100)

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        paid, per = money.yuan(why["basis_fen"]), money.yuan(why["per_fen"])
        rule_zh, rule_en = rule_words(why)
        zh = f"实付 {paid}，按{rule_zh}每 {per} 送 {why['points']} 分"
        en = f"Paid {paid}; {rule_en} gives {why['points']} for every {per}"
        if why["percent"] != 100:
            zh += f"，{why['tier']} {times(why['percent'])} 倍"
            en += f", × {times(why['percent'])} as {why['tier']}"
        return Sentence(zh, en)

    def sentence(self, params: Rate) -> Sentence:
        """The rule in words."""
        per = money.yuan(params.per_fen)
        zh = f"每消费 {per} 送 {params.points} 积分" + ("，按会员等级加倍" if params.tier_multiplier else "")
        en = f"{params.points} point{'' if params.points == 1 else 's'} for every {per} paid" + (
            ", times the tier's multiplier" if params.tier_multiplier else ""
        )
        return Sentence(zh, en)
