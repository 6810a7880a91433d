"""积分加倍: spending earns so many times the base rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets.rewards import Reward
from shuke.kit.kinds import Sentence


class Factor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """200 % doubles."""

    percent: Annotated[
        int, Meta(ge=1, le=10_000, extra_json_schema={"x-zh": "积分倍数", "x-en": "Multiplier", "x-unit": "percent"})
    ] = 200


class Multiplier:
    """消费积分 2 倍; only on the main ladder."""

    code: ClassVar[str] = "multiplier"
    name: ClassVar[Sentence] = Sentence("积分加倍", "Faster points")
    Params: ClassVar[type[msgspec.Struct]] = Factor
    example: ClassVar[dict[str, Any]] = {"percent": 200}

    def sentence(self, params: Factor) -> Sentence:
        """What it is."""
        times = f"{params.percent / 100:g}"
        return Sentence(f"消费积分 {times} 倍", f"{times} × points for spending")

    def promises(self, params: Factor) -> Sequence[Reward]:
        """Nothing by itself: earning reads it."""
        return ()
