"""The order was paid by one of these methods."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked


class Methods(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Methods as the till names them, such as wechat, alipay, cash, card; at least one."""

    methods: Annotated[tuple[str, ...], asked("支付方式", "Payment methods"), Meta(min_length=1)] = ("wechat",)


class PaidBy:
    """Only orders paid, in full or in part, by these methods."""

    code: ClassVar[str] = "payment"
    name: ClassVar[Sentence] = Sentence("限支付方式", "Paid by certain methods")
    Params: ClassVar[type[msgspec.Struct]] = Methods

    def holds(self, params: Methods, basis: Basis) -> bool:
        """Whether one of the order's payments was made so."""
        return not set(params.methods).isdisjoint(basis.payments)

    def sentence(self, params: Methods) -> Sentence:
        """The condition in words."""
        return Sentence("仅限 " + "、".join(params.methods) + " 支付", "only paid by " + ", ".join(params.methods))
