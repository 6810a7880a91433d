"""It is one of the member's first orders, or a certain one."""

from typing import Annotated, ClassVar

import msgspec

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked


class Number(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders of the member, counted from 1 as they are recorded; returned orders do not count."""

    first: Annotated[int, asked("从第几单", "From order number", ge=1, le=100_000)] = 1
    last: Annotated[int, asked("到第几单", "To order number", ge=1, le=100_000)] | None = 1


class NthOrder:
    """Only the member's first orders, or from a certain one on."""

    code: ClassVar[str] = "nth_order"
    name: ClassVar[Sentence] = Sentence("限第几单", "The member's nth order")
    Params: ClassVar[type[msgspec.Struct]] = Number
    needs: ClassVar[frozenset[str]] = frozenset({"orders"})

    def holds(self, params: Number, basis: Basis) -> bool:
        """Whether this order's number lies between them."""
        number = basis.known.orders + 1
        return number >= params.first and (params.last is None or number <= params.last)

    def sentence(self, params: Number) -> Sentence:
        """The condition in words."""
        if params.last is None:
            return Sentence(f"从第 {params.first} 单起", f"from the member's order no. {params.first} on")
        if params.last == params.first:
            return Sentence(f"仅第 {params.first} 单", f"only the member's order no. {params.first}")
        return Sentence(
            f"仅第 {params.first} 到 {params.last} 单", f"only the member's orders no. {params.first} to {params.last}"
        )
