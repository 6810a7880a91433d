"""The order holds certain goods."""

from typing import Annotated, ClassVar

import msgspec

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked
from shuke.programs.earning.policy.goods import Products, chosen, products_words


class Goods(Products, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods by sku, category or brand, and how many of them."""

    pieces: Annotated[int, asked("至少几件", "At least so many", ge=1, le=10_000)] = 1


class WithProduct:
    """Only orders that hold these goods."""

    code: ClassVar[str] = "product"
    name: ClassVar[Sentence] = Sentence("限商品", "With certain goods")
    Params: ClassVar[type[msgspec.Struct]] = Goods

    def holds(self, params: Goods, basis: Basis) -> bool:
        """Whether enough pieces of the order are such goods."""
        return sum(line.quantity for line in chosen(params, basis.lines)) >= params.pieces

    def sentence(self, params: Goods) -> Sentence:
        """The condition in words."""
        zh, en = products_words(params)
        if params.pieces > 1:
            return Sentence(f"订单含{zh}至少 {params.pieces} 件", f"on orders with {params.pieces} or more of {en}")
        return Sentence(f"订单含{zh}", f"on orders with {en}")
