"""More of the base rate for a limited time: weekend, member day, birthday; bonuses add."""

from typing import Annotated, Any, ClassVar

import msgspec

from shuke.kit import money
from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, rule_words, times


class Factor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """200 % doubles. What comes on top of the base rate is an award of its own."""

    percent: Annotated[
        int, asked("倍数（200 % 即双倍）", "Multiplier (200 % doubles)", unit="percent", ge=101, le=10_000)
    ] = 200
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class Multiplier:
    """Weekend double; meets the tier's multiplier by the merchant's policy."""

    code: ClassVar[str] = "multiplier"
    name: ClassVar[Sentence] = Sentence("限时多倍积分", "Points multiplier")
    Params: ClassVar[type[msgspec.Struct]] = Factor

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """Nothing by itself: it acts on the base rates, once these are known (`policy.multiplied`)."""
        return None

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """What the same bonus would have added for what is left."""
        return sum(money.scale(remaining_fen, rate * why["bonus_percent"], per * 100) for rate, per in why["rates"])

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        zh = f"按{rule_zh} {times(why['percent'])} 倍积分，在基础积分上多送 {times(why['bonus_percent'])} 倍"
        en = f"{rule_en} multiplies by {times(why['percent'])}: {times(why['bonus_percent'])} × the base points on top"
        return Sentence(zh, en)

    def sentence(self, params: Factor) -> Sentence:
        """The rule in words."""
        return Sentence(f"消费积分 {times(params.percent)} 倍", f"{times(params.percent)} × points for spending")
