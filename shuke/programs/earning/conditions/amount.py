"""The order's payment lies within these amounts."""

from typing import Annotated, ClassVar

import msgspec

from shuke.kit import money
from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked


class Amounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Net payment of at least `least_fen`; at most `most_fen` where given."""

    least_fen: Annotated[int, asked("满多少", "At least", unit="fen", ge=0, le=100_000_000_00)] = 10_000
    most_fen: Annotated[int, asked("不超过", "At most", unit="fen", ge=1, le=100_000_000_00)] | None = None


class OfAmount:
    """Only orders of this size; a refund below it takes the bonus back."""

    code: ClassVar[str] = "amount"
    name: ClassVar[Sentence] = Sentence("限金额", "Orders of an amount")
    Params: ClassVar[type[msgspec.Struct]] = Amounts

    def holds(self, params: Amounts, basis: Basis) -> bool:
        """Whether the net payment is large enough and not too large."""
        return basis.amount_fen >= params.least_fen and (params.most_fen is None or basis.amount_fen <= params.most_fen)

    def sentence(self, params: Amounts) -> Sentence:
        """The condition in words."""
        zh, en = f"单笔实付满 {money.yuan(params.least_fen)}", f"on orders of {money.yuan(params.least_fen)} or more"
        if params.most_fen is not None:
            zh, en = f"{zh}、不超过 {money.yuan(params.most_fen)}", f"{en} and at most {money.yuan(params.most_fen)}"
        return Sentence(zh, en)
