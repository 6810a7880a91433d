"""Which goods a rule is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from shuke.programs.earning.policy.rules import asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.programs.earning.policy.rules import Line


class Products(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods by sku, category or brand: what fits one of the lists; all goods where all lists are empty."""

    skus: Annotated[list[str], asked("商品货号", "SKUs")] = []
    categories: Annotated[list[str], asked("品类", "Categories")] = []
    brands: Annotated[list[str], asked("品牌", "Brands")] = []


def chosen(products: Products, lines: Sequence[Line]) -> list[Line]:
    """The lines of an order that are such goods."""
    skus, categories, brands = products.skus, products.categories, products.brands
    if not (skus or categories or brands):
        return list(lines)
    return [
        line for line in lines
        if line.sku in skus or (line.category in categories and line.category) or (line.brand in brands and line.brand)
    ]  # fmt: skip


def products_words(products: Products) -> tuple[str, str]:
    """The goods as a sentence names them, in Chinese and English."""
    zh, en = [], []
    for named, words in (
        (products.skus, ("商品", "")),
        (products.categories, ("品类", "")),
        (products.brands, ("品牌", "")),
    ):
        if named:
            zh.append(words[0] + "、".join(f"「{one}」" for one in named))
            en.append(", ".join(named))
    return ("或".join(zh), " or ".join(en)) if zh else ("任意商品", "any goods")
