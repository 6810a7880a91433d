"""A fixed number of points for an order: in these channels and stores, or whatever the conditions say."""

from typing import Annotated, Any, ClassVar

import msgspec

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, reason, rule_words, split_over


class Fixed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many points for each order in one of the stores and channels; empty lists mean all."""

    points: Annotated[int, asked("每单送多少积分", "Points per order", unit="points", ge=1, le=1_000_000)] = 10
    stores: Annotated[list[str], asked("门店（不选即全部）", "Stores (none: all)", widget="stores")] = []
    channels: Annotated[list[str], asked("渠道（不选即全部）", "Channels (none: all)", widget="channels")] = []
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class OrderBonus:
    """20 points for every order in the mini program."""

    code: ClassVar[str] = "order_bonus"
    name: ClassVar[Sentence] = Sentence("渠道门店加赠", "Channel or store bonus")
    Params: ClassVar[type[msgspec.Struct]] = Fixed

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """The points, where store and channel fit; orders of nothing earn nothing."""
        params: Fixed = rule.params
        if basis.amount_fen <= 0 or (params.stores and basis.store not in params.stores):
            return None
        if params.channels and basis.channel not in params.channels:
            return None
        why = reason(rule, points=params.points, basis_fen=basis.amount_fen, store=basis.store, channel=basis.channel)
        breakdown = split_over(params.points, basis)
        return Award(rule, params.points, basis.amount_fen, why, params.validity, breakdown)

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """All of it while anything of the order is left."""
        return int(why["points"]) if remaining_fen > 0 else 0

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        return Sentence(f"按{rule_zh}每单送 {why['points']} 分", f"{rule_en} gives {why['points']} per order")

    def sentence(self, params: Fixed) -> Sentence:
        """The rule in words."""
        zh, en = f"每单送 {params.points} 积分", f"{params.points} points per order"
        if params.stores:
            zh, en = f"门店 {'、'.join(params.stores)} {zh}", f"{en} in {', '.join(params.stores)}"
        if params.channels:
            zh, en = f"渠道 {'、'.join(params.channels)} {zh}", f"{en} through {', '.join(params.channels)}"
        return Sentence(zh, en)
