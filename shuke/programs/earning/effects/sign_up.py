"""Points for joining, once per member."""

from typing import Annotated, Any, ClassVar

import msgspec

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, reason, rule_words


class Gift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many points, and how long they are valid."""

    points: Annotated[int, asked("注册送多少积分", "Points for joining", unit="points", ge=1, le=1_000_000)] = 100
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class SignUp:
    """100 points for every new member."""

    code: ClassVar[str] = "sign_up"
    name: ClassVar[Sentence] = Sentence("注册送积分", "Points for joining")
    Params: ClassVar[type[msgspec.Struct]] = Gift
    trigger: ClassVar[str] = "sign_up"

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """The gift; that a member joins once is the caller's key."""
        return Award(rule, rule.params.points, 0, reason(rule, points=rule.params.points), rule.params.validity)

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """No refund touches it."""
        return int(why["points"])

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        return Sentence(f"新会员注册，按{rule_zh}送 {why['points']} 分", f"New member: {rule_en} gives {why['points']}")

    def sentence(self, params: Gift) -> Sentence:
        """The rule in words."""
        return Sentence(f"注册即送 {params.points} 积分", f"{params.points} points for joining")
