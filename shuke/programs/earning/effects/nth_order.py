"""Points for a member's nth order, once or every so many orders."""

from typing import Annotated, Any, ClassVar

import msgspec

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, reason, rule_words, split_over


class Nth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many points at the nth order; with `every` at the 2nth, 3nth … too."""

    number: Annotated[int, asked("第几单", "Which order", ge=2, le=100_000)] = 3
    points: Annotated[int, asked("送多少积分", "Points", unit="points", ge=1, le=1_000_000)] = 100
    every: Annotated[bool, asked("每满这么多单都送", "At every such number")] = False
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class NthOrderBonus:
    """100 points for the third order, or for every third."""

    code: ClassVar[str] = "nth_order"
    name: ClassVar[Sentence] = Sentence("第几单加赠", "Nth-order bonus")
    Params: ClassVar[type[msgspec.Struct]] = Nth
    needs: ClassVar[frozenset[str]] = frozenset({"orders"})

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """The bonus, where this is the order of that number; orders returned as a whole do not count."""
        params: Nth = rule.params
        number = basis.known.orders + 1
        if basis.amount_fen <= 0 or (number % params.number if params.every else number != params.number):
            return None
        why = reason(rule, points=params.points, number=number, basis_fen=basis.amount_fen)
        breakdown = split_over(params.points, basis)
        return Award(rule, params.points, basis.amount_fen, why, params.validity, breakdown)

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """All of it while anything of the order is left."""
        return int(why["points"]) if remaining_fen > 0 else 0

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        return Sentence(
            f"第 {why['number']} 单，按{rule_zh}送 {why['points']} 分",
            f"Order no. {why['number']}: {rule_en} gives {why['points']}",
        )

    def sentence(self, params: Nth) -> Sentence:
        """The rule in words."""
        if params.every:
            return Sentence(
                f"每满 {params.number} 单送 {params.points} 积分",
                f"{params.points} points at every {params.number} orders",
            )
        return Sentence(
            f"第 {params.number} 单送 {params.points} 积分", f"{params.points} points for order no. {params.number}"
        )
