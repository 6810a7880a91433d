"""免运费: delivery costs nothing from an amount on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets.rewards import Reward
from shuke.kit import money
from shuke.kit.kinds import Sentence


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which order on; 0 for every one."""

    from_fen: Annotated[
        int,
        Meta(ge=0, extra_json_schema={"x-zh": "订单满多少免运费", "x-en": "For orders from", "x-unit": "fen"}),
    ] = 0


class FreeDelivery:
    """满 ¥99 免运费."""

    code: ClassVar[str] = "free_delivery"
    name: ClassVar[Sentence] = Sentence("免运费", "Free delivery")
    Params: ClassVar[type[msgspec.Struct]] = Delivery
    example: ClassVar[dict[str, Any]] = {"from_fen": 0}

    def sentence(self, params: Delivery) -> Sentence:
        """What it is."""
        if params.from_fen == 0:
            return Sentence("每单免运费", "Free delivery of every order")
        least = money.yuan(params.from_fen)
        return Sentence(f"满 {least} 免运费", f"Free delivery from {least}")

    def promises(self, params: Delivery) -> Sequence[Reward]:
        """Nothing is given for it."""
        return ()
