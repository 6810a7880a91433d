"""Extra points for certain goods: by sku, category or brand, such as the single-diner set that earns double."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from shuke.kit import money
from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Award, Basis, LiveRule, asked, reason, rule_words
from shuke.programs.earning.policy.goods import Products, chosen, products_words

PER = {"yuan": ("每 1 元", "Each yuan"), "piece": ("每件", "Each piece"), "order": ("每单", "Each order")}


class Bonus(Products, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many points for each yuan or piece of such goods, or once per order that holds them."""

    points: Annotated[int, asked("送多少积分", "Points", unit="points", ge=1, le=1_000_000)] = 1
    per: Annotated[Literal["yuan", "piece", "order"], asked("按什么送", "For", labels=PER)] = "yuan"
    validity: Annotated[str, asked("有效期", "Valid for", unit="duration")] = "1Y_U"


class ProductBonus:
    """One more point for each yuan of such goods doubles them."""

    code: ClassVar[str] = "product_bonus"
    name: ClassVar[Sentence] = Sentence("指定商品加赠", "Bonus for certain goods")
    Params: ClassVar[type[msgspec.Struct]] = Bonus

    def worked_out(self, params: Bonus) -> tuple[str, str]:
        """The goods in words."""
        return products_words(params)

    def award(self, rule: LiveRule, basis: Basis) -> Award | None:
        """What the fitting lines earn; the breakdown gives it to them alone."""
        params: Bonus = rule.params
        fitting = chosen(params, basis.lines)
        if not fitting:
            return None
        goods_fen = pieces = 0
        for line in fitting:
            goods_fen += line.amount_fen
            pieces += line.quantity
        given = params.points if params.per == "order" else params.points * pieces
        if params.per == "yuan":
            given = money.scale(goods_fen, params.points, 100)
        words = rule.worked_out
        why = reason(
            rule, basis_fen=goods_fen, order_fen=basis.amount_fen, points=params.points, per=params.per, pieces=pieces,
            goods=words[0], goods_en=words[1],
        )  # fmt: skip
        breakdown = []
        if basis.shares and len(basis.lines) > 1 and goods_fen:
            fits = {id(line) for line in fitting}
            breakdown = money.split(given, [line.amount_fen if id(line) in fits else 0 for line in basis.lines])
        return Award(rule, given, goods_fen, why, params.validity, breakdown)

    def keeps(self, why: dict[str, Any], remaining_fen: int) -> int:
        """The share of the goods' bonus that the share of the order left stands for; all goes with the last fen."""
        order_fen = max(why["order_fen"], 1)
        if why["per"] == "yuan":
            return money.scale(why["basis_fen"] * remaining_fen, why["points"], order_fen * 100)
        full = why["points"] * (why["pieces"] if why["per"] == "piece" else 1)
        return money.scale(full, remaining_fen, order_fen)

    def explain(self, why: dict[str, Any]) -> Sentence:
        """Why these points, as one sentence."""
        rule_zh, rule_en = rule_words(why)
        paid = money.yuan(why["basis_fen"])
        per_en = {"yuan": "yuan", "piece": "piece", "order": "order"}[why["per"]]
        zh = f"买了{why['goods']}（{paid}，{why['pieces']} 件），按{rule_zh}{PER[why['per']][0]}加送 {why['points']} 分"
        pieces = "1 piece" if why["pieces"] == 1 else f"{why['pieces']} pieces"
        en = f"{why['goods_en']} for {paid}, {pieces}; {rule_en} adds {why['points']} per {per_en}"
        return Sentence(zh, en)

    def sentence(self, params: Bonus) -> Sentence:
        """The rule in words."""
        zh, en = products_words(params)
        per_en = {"yuan": "yuan", "piece": "piece", "order": "order"}[params.per]
        return Sentence(
            f"买{zh}，{PER[params.per][0]}加送 {params.points} 积分",
            f"{params.points} extra point{'' if params.points == 1 else 's'} per {per_en} of {en}",
        )
