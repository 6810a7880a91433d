"""升级礼: rewards for reaching the level, once for ever, after the days in which goods may come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from shuke.assets.rewards import Reward, sentence
from shuke.kit.kinds import Sentence
from shuke.programs.tiers.benefits.kind import Given


class Gift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is given, and how many days after the rise; whoever no longer qualifies then gets nothing."""

    rewards: Given
    wait_days: Annotated[
        int,
        Meta(
            ge=0,
            le=60,
            extra_json_schema={
                "x-zh": "升级几天后送（等过了退货期）", "x-en": "Days after the rise (when nothing can come back any more)"
            },
        ),
    ] = 7  # fmt: skip


class UpgradeGift:
    """升级 7 天后送 200 积分."""

    code: ClassVar[str] = "upgrade_gift"
    name: ClassVar[Sentence] = Sentence("升级礼", "Upgrade gift")
    Params: ClassVar[type[msgspec.Struct]] = Gift
    example: ClassVar[dict[str, Any]] = {
        "rewards": [{"kind": "points", "params": {"points": 200, "valid_for": "1Y_U"}}], "wait_days": 7,
    }  # fmt: skip

    def sentence(self, params: Gift) -> Sentence:
        """What it is."""
        told, days = sentence(params.rewards), params.wait_days
        if days == 0:
            return Sentence(f"升级就送 {told.zh}", f"{told.en} for reaching it")
        return Sentence(f"升级 {days} 天后送 {told.zh}", f"{told.en} {days} days after reaching it")

    def promises(self, params: Gift) -> Sequence[Reward]:
        """Its rewards."""
        return params.rewards
