"""Extra points for a member's first order."""

from typing import Annotated, Any, ClassVar

import msgspec

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, reason, rule_words, split_over


class First(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many points on top of what the order earns anyway."""

    points: Annotated[
        int, asked("首单加赠多少积分", "Points for the first order", unit="points", ge=1, le=1_000_000)
    ] = 200
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class FirstOrder:
    """200 points for the first order; one that is returned as a whole does not count."""

    code: ClassVar[str] = "first_order"
    name: ClassVar[Sentence] = Sentence("首单加赠", "First-order bonus")
    Params: ClassVar[type[msgspec.Struct]] = First
    needs: ClassVar[frozenset[str]] = frozenset({"orders"})

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """The bonus, where the member has no order yet."""
        if basis.known.orders or basis.amount_fen <= 0:
            return None
        points = rule.params.points
        why = reason(rule, points=points, basis_fen=basis.amount_fen)
        return Award(rule, points, basis.amount_fen, why, rule.params.validity, split_over(points, basis))

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """All of it while anything of the order is left."""
        return int(why["points"]) if remaining_fen > 0 else 0

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        return Sentence(f"首单，按{rule_zh}加赠 {why['points']} 分", f"First order: {rule_en} adds {why['points']}")

    def sentence(self, params: First) -> Sentence:
        """The rule in words."""
        return Sentence(f"首单加赠 {params.points} 积分", f"{params.points} extra points for the first order")
