"""Points for reaching amounts: per order, or cumulative in a month."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from shuke.kit import money
from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, month_of, reason, rule_words, split_over

PER = {"order": ("单笔订单", "Each order"), "month": ("当月累计", "The month's total")}


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From this amount on, so many points altogether."""

    from_fen: Annotated[int, asked("满", "From", unit="fen", ge=1, le=100_000_000_00)]
    points: Annotated[int, asked("送", "Points", unit="points", ge=1, le=100_000_000)]


class Ladder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The highest step reached counts, once. By month, what the month gave already is taken off."""

    steps: Annotated[tuple[Step, ...], asked("阶梯", "Steps"), Meta(min_length=1, max_length=20)] = (
        Step(from_fen=100_000, points=200),
        Step(from_fen=200_000, points=500),
    )
    per: Annotated[Literal["order", "month"], asked("按什么算", "Counted by", labels=PER)] = "order"
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class SpendLadder:
    """200 points from 1,000 yuan, 500 from 2,000."""

    code: ClassVar[str] = "spend_ladder"
    name: ClassVar[Sentence] = Sentence("消费满额阶梯", "Spend ladder")
    Params: ClassVar[type[msgspec.Struct]] = Ladder

    def worked_out(self, params: Ladder) -> list[list[int]]:
        """The steps as the reason keeps them."""
        return [[step.from_fen, step.points] for step in params.steps]

    def monthly(self, params: Ladder) -> bool:
        """Whether it gives up to a total of the month."""
        return params.per == "month"

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """The highest step that the order reaches; by month, the step reached now less the step reached before."""
        steps, before = rule.worked_out, 0
        if rule.monthly:
            before = max(basis.known.months.get(month_of(basis.on), 0), 0)
        now = reached(steps, before + basis.amount_fen)
        given = now - reached(steps, before) if before and now else now
        if given <= 0:
            return None
        why = reason(rule, basis_fen=basis.amount_fen, before_fen=before, steps=steps, per=rule.params.per, reached=now)
        return Award(rule, given, basis.amount_fen, why, rule.params.validity, split_over(given, basis))

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """The step that what is left would have reached under the original ladder."""
        before = why["before_fen"]
        return reached(why["steps"], before + remaining_fen) - reached(why["steps"], before)

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        total = why["before_fen"] + why["basis_fen"]
        step = max(step for step in why["steps"] if step[0] <= total)
        paid = money.yuan(total)
        of_zh, of_en = ("当月累计实付", "Paid this month") if why["per"] == "month" else ("实付", "Paid")
        taken = reached(why["steps"], why["before_fen"])
        zh = f"{of_zh} {paid}，按{rule_zh}满 {money.yuan(step[0])} 送 {step[1]} 分"
        en = f"{of_en} {paid}; {rule_en} gives {step[1]} from {money.yuan(step[0])}"
        if taken:
            zh, en = f"{zh}，减去之前阶梯的 {taken} 分", f"{en}, less {taken} of the step before"
        return Sentence(zh, en)

    def sentence(self, params: Ladder) -> Sentence:
        """The rule in words."""
        steps = sorted(params.steps, key=lambda step: step.from_fen)
        zh = "，".join(f"满 {money.yuan(step.from_fen)} 送 {step.points} 积分" for step in steps)
        en = ", ".join(f"{step.points} points from {money.yuan(step.from_fen)}" for step in steps)
        if params.per == "month":
            return Sentence(f"当月累计消费{zh}（取最高一档）", f"{en} spent in a month; the highest step counts")
        return Sentence(f"单笔消费{zh}（取最高一档）", f"{en} per order; the highest step counts")


def reached(steps: Sequence[Sequence[int]], fen: int) -> int:
    """The points of the highest step that an amount reaches; 2,100 → 500, 1,900 → 200, 999 → 0."""
    highest, points = 0, 0
    for begins, given in steps:
        if begins <= fen and (begins > highest or (begins == highest and given > points)):
            highest, points = begins, given
    return points
